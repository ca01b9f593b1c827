//! Types: what each node demands of its children. Called for every node as it is built.

use super::Parser;
use crate::ast::{Aggregate, Binary, Call, Cardinality, Expr, Node, Type};
use crate::error::ParseError;

pub(super) fn check(expr: &Expr) -> Result<(), ParseError> {
    match &expr.node {
        Node::Call(call) => check_call(expr, call),
        Node::Aggregate(aggregate) => check_aggregate(aggregate),
        Node::Binary(binary) => check_binary(expr, binary),
        Node::Negate(inner) if !is_number(inner) => {
            let found = inner.kind().name();
            let text = format!(
                "unary expression only allowed on expressions of type scalar or instant vector, got {found:?}"
            );
            Err(Parser::fail_at(expr.pos, text))
        }
        Node::Subquery(subquery)
            if subquery.expr.kind() != Type::Vector && subquery.expr.kind() != Type::Scalar =>
        {
            let found = subquery.expr.kind().name();
            Err(Parser::fail_at(
                expr.pos,
                format!("subquery is only allowed on instant vector, got {found} instead"),
            ))
        }
        _ => Ok(()),
    }
}

fn is_number(expr: &Expr) -> bool {
    matches!(expr.kind(), Type::Scalar | Type::Vector)
}

fn expect(expr: &Expr, wanted: Type, context: &str) -> Result<(), ParseError> {
    let found = expr.kind();
    if found == wanted {
        return Ok(());
    }
    Err(Parser::fail_at(
        expr.pos,
        format!("expected type {} in {context}, got {}", wanted.name(), found.name()),
    ))
}

fn check_call(expr: &Expr, call: &Call) -> Result<(), ParseError> {
    let function = call.function;
    let (least, most) = function.arity();
    let found = call.args.len();
    let count = |how: &str, wanted: usize| {
        let name = function.name;
        let text = format!("expected {how}{wanted} argument(s) in call to {name:?}, got {found}");
        Err(Parser::fail_at(expr.pos, text))
    };
    match most {
        Some(most) if least == most && found != most => return count("", most),
        _ if found < least => return count("at least ", least),
        Some(most) if found > most => return count("at most ", most),
        _ => {}
    }
    for (at, arg) in call.args.iter().enumerate() {
        expect(arg, function.argument(at), &format!("call to function {:?}", function.name))?;
    }
    if function.name == "info" {
        let plain =
            call.args.get(1).is_none_or(|arg| matches!(&arg.node, Node::Vector(s) if s.name.is_none()));
        if !plain {
            return Err(Parser::fail_at(
                call.args[1].pos,
                "expected label selectors only as the second argument of info",
            ));
        }
    }
    Ok(())
}

fn check_aggregate(aggregate: &Aggregate) -> Result<(), ParseError> {
    expect(&aggregate.expr, Type::Vector, "aggregation expression")?;
    match (&aggregate.param, aggregate.op.parameter()) {
        (Some(param), Some(wanted)) => expect(param, wanted, "aggregation parameter"),
        _ => Ok(()),
    }
}

fn check_binary(expr: &Expr, binary: &Binary) -> Result<(), ParseError> {
    let fail = |text: String| Err(Parser::fail_at(expr.pos, text));
    let (left, right) = (binary.left.kind(), binary.right.kind());
    for side in [&binary.left, &binary.right] {
        if !is_number(side) {
            return Err(Parser::fail_at(
                side.pos,
                "binary expression must contain only scalar and instant vector types",
            ));
        }
    }
    if binary.return_bool && !binary.op.is_comparison() {
        return fail("bool modifier can only be used on comparison operators".to_owned());
    }
    let scalars = left == Type::Scalar && right == Type::Scalar;
    if scalars && binary.op.is_comparison() && !binary.return_bool {
        return fail("comparisons between scalars must use BOOL modifier".to_owned());
    }
    if left == Type::Vector && right == Type::Vector {
        return Ok(());
    }
    if binary.op.is_set() {
        return fail(format!("set operator {:?} not allowed in binary scalar expression", binary.op.name()));
    }
    let matching = &binary.matching;
    let filled = matching.fill_left.is_some() || matching.fill_right.is_some();
    if matching.on || !matching.labels.is_empty() || matching.card != Cardinality::OneToOne || filled {
        return fail("vector matching only allowed between instant vectors".to_owned());
    }
    Ok(())
}
