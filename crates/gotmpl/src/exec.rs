//! Runs a parsed template.

use crate::ast::{Command, Node, Operand, Pipe};
use crate::{MAX_DEPTH, MAX_OUTPUT, MissingKey, Template, TemplateError, Value, builtins};

pub fn run(template: &Template, name: &str, data: &Value) -> Result<String, TemplateError> {
    let mut run = Run { template, out: String::new(), variables: Vec::new(), depth: 0, line: 1 };
    match run.call_template(name, data.clone()) {
        Ok(()) => Ok(run.out),
        Err(message) => Err(TemplateError::Execute { name: name.to_owned(), line: run.line, message }),
    }
}

/// How a block ended.
enum Flow {
    Next,
    Break,
    Continue,
}

struct Run<'a> {
    template: &'a Template,
    out: String,
    /// Innermost last; a block truncates what it declared.
    variables: Vec<(&'a str, Value)>,
    depth: usize,
    line: usize,
}

impl<'a> Run<'a> {
    fn call_template(&mut self, name: &str, data: Value) -> Result<(), String> {
        let template = self.template;
        let block = template.defined.get(name).ok_or_else(|| format!("template {name:?} not defined"))?;
        if self.depth >= MAX_DEPTH {
            return Err(format!("exceeded maximum template depth ({MAX_DEPTH})"));
        }
        self.depth += 1;
        let outer = std::mem::replace(&mut self.variables, vec![("", data.clone())]);
        let result = self.block(block, &data);
        self.variables = outer;
        self.depth -= 1;
        result.map(|_| ())
    }

    fn block(&mut self, block: &'a [Node], dot: &Value) -> Result<Flow, String> {
        for node in block {
            if self.out.len() > MAX_OUTPUT {
                return Err(format!("the output is longer than {MAX_OUTPUT} bytes"));
            }
            match self.node(node, dot)? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    fn scoped(&mut self, block: &'a [Node], dot: &Value) -> Result<Flow, String> {
        let scope = self.variables.len();
        let flow = self.block(block, dot);
        self.variables.truncate(scope);
        flow
    }

    fn node(&mut self, node: &'a Node, dot: &Value) -> Result<Flow, String> {
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Action { line, pipe } => {
                self.line = *line;
                let value = self.pipe(pipe, dot)?;
                if pipe.variables.is_empty() {
                    match value {
                        Value::Str(text) => self.out.push_str(&text),
                        // Go prints an untyped nil as "<no value>" too.
                        Value::Null => self.out.push_str("<no value>"),
                        value => self.out.push_str(&value.display()),
                    }
                }
            }
            Node::If { line, pipe, then, otherwise } => {
                self.line = *line;
                let scope = self.variables.len();
                let value = self.pipe(pipe, dot)?;
                let flow = self.block(if value.truth() { then } else { otherwise }, dot);
                self.variables.truncate(scope);
                return flow;
            }
            Node::With { line, pipe, then, otherwise } => {
                self.line = *line;
                let scope = self.variables.len();
                let value = self.pipe(pipe, dot)?;
                let flow = if value.truth() { self.block(then, &value) } else { self.block(otherwise, dot) };
                self.variables.truncate(scope);
                return flow;
            }
            Node::Range { line, pipe, then, otherwise } => {
                self.line = *line;
                return self.range(pipe, then, otherwise, dot);
            }
            Node::Template { line, name, pipe } => {
                self.line = *line;
                let data = pipe.as_ref().map_or(Ok(Value::Null), |pipe| self.pipe(pipe, dot))?;
                self.call_template(name, data)?;
            }
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn range(
        &mut self,
        pipe: &'a Pipe,
        then: &'a [Node],
        otherwise: &'a [Node],
        dot: &Value,
    ) -> Result<Flow, String> {
        let scope = self.variables.len();
        let value = self.commands(&pipe.commands, dot)?;
        let items = match &value {
            Value::Int(count) => (0..*count).map(|at| (Value::Int(at), Value::Int(at))).collect(),
            value => value.items().ok_or_else(|| format!("range can't iterate over {}", value.display()))?,
        };
        if items.is_empty() {
            let flow = self.scoped(otherwise, dot);
            self.variables.truncate(scope);
            return flow;
        }
        for (key, value) in items {
            match pipe.variables.as_slice() {
                [one] => self.bind(one, value.clone(), pipe.assign)?,
                [first, second] => {
                    self.bind(first, key, pipe.assign)?;
                    self.bind(second, value.clone(), pipe.assign)?;
                }
                _ => {}
            }
            let flow = self.scoped(then, &value)?;
            self.variables.truncate(scope);
            if matches!(flow, Flow::Break) {
                break;
            }
        }
        Ok(Flow::Next)
    }

    fn bind(&mut self, name: &'a str, value: Value, assign: bool) -> Result<(), String> {
        if !assign {
            self.variables.push((name, value));
            return Ok(());
        }
        let slot = self.variables.iter_mut().rev().find(|(known, _)| *known == name);
        slot.map(|slot| slot.1 = value).ok_or_else(|| format!("undefined variable \"${name}\""))
    }

    fn pipe(&mut self, pipe: &'a Pipe, dot: &Value) -> Result<Value, String> {
        let value = self.commands(&pipe.commands, dot)?;
        for name in &pipe.variables {
            self.bind(name, value.clone(), pipe.assign)?;
        }
        Ok(value)
    }

    fn commands(&mut self, commands: &'a [Command], dot: &Value) -> Result<Value, String> {
        let mut last = None;
        for command in commands {
            last = Some(self.command(command, dot, last)?);
        }
        Ok(last.unwrap_or_default())
    }

    fn command(&mut self, command: &'a Command, dot: &Value, piped: Option<Value>) -> Result<Value, String> {
        let Some((first, rest)) = command.operands.split_first() else { return Ok(Value::Null) };
        if let Operand::Function(name) = first {
            return self.function(name, rest, dot, piped);
        }
        if rest.is_empty() && piped.is_none() {
            return self.operand(first, dot);
        }
        // Only a method takes arguments: the last name of a chain.
        let (base, fields) = match first {
            Operand::Field(fields) => (dot.clone(), fields),
            Operand::Variable { name, fields } if !fields.is_empty() => (self.variable(name)?, fields),
            Operand::Paren { pipe, fields } if !fields.is_empty() => (self.parenthesis(pipe, dot)?, fields),
            _ => return Err("can't give argument to non-function".to_owned()),
        };
        let (method, path) = fields.split_last().ok_or("can't give argument to non-function")?;
        let receiver = self.fields(base, path)?;
        let mut args =
            rest.iter().map(|operand| self.operand(operand, dot)).collect::<Result<Vec<_>, _>>()?;
        args.extend(piped);
        match &receiver {
            Value::Object(object) => object
                .call(method, &args)
                .unwrap_or_else(|| Err(format!("{method} is not a method but has arguments"))),
            _ => Err(format!("{method} is not a method but has arguments")),
        }
    }

    fn function(
        &mut self,
        name: &str,
        operands: &'a [Operand],
        dot: &Value,
        piped: Option<Value>,
    ) -> Result<Value, String> {
        let own = self.template.funcs.get(name);
        // `and` and `or` stop at the first operand that decides.
        if own.is_none() && (name == "and" || name == "or") {
            let mut value = None;
            for operand in operands {
                let next = self.operand(operand, dot)?;
                let decided = next.truth() == (name == "or");
                value = Some(next);
                if decided {
                    return Ok(value.unwrap_or_default());
                }
            }
            return piped
                .or(value)
                .ok_or_else(|| format!("wrong number of args for {name}: want at least 1 got 0"));
        }
        let mut args = Vec::with_capacity(operands.len() + 1);
        for operand in operands {
            args.push(self.operand(operand, dot)?);
        }
        args.extend(piped);
        let result = match own {
            Some(function) => function(&args),
            None => {
                let function =
                    builtins::lookup(name).ok_or_else(|| format!("function {name:?} not defined"))?;
                function(&args)
            }
        };
        result.map_err(|message| format!("error calling {name}: {message}"))
    }

    fn operand(&mut self, operand: &'a Operand, dot: &Value) -> Result<Value, String> {
        match operand {
            Operand::Dot => Ok(dot.clone()),
            Operand::Nil => Ok(Value::Null),
            Operand::Literal(value) => Ok(value.clone()),
            Operand::Field(fields) => self.fields(dot.clone(), fields),
            Operand::Variable { name, fields } => {
                let value = self.variable(name)?;
                self.fields(value, fields)
            }
            Operand::Function(name) => self.function(name, &[], dot, None),
            Operand::Paren { pipe, fields } => {
                let value = self.parenthesis(pipe, dot)?;
                self.fields(value, fields)
            }
        }
    }

    fn parenthesis(&mut self, pipe: &'a Pipe, dot: &Value) -> Result<Value, String> {
        self.pipe(pipe, dot)
    }

    fn variable(&self, name: &str) -> Result<Value, String> {
        let found = self.variables.iter().rev().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.clone()).ok_or_else(|| format!("undefined variable \"${name}\""))
    }

    fn fields(&self, mut value: Value, names: &[String]) -> Result<Value, String> {
        for name in names {
            value = self.field(&value, name)?;
        }
        Ok(value)
    }

    fn field(&self, value: &Value, name: &str) -> Result<Value, String> {
        let missing = || match self.template.missing_key {
            MissingKey::NoValue => Value::Missing,
            MissingKey::Empty => Value::str(""),
        };
        match value {
            Value::Map(map) => Ok(map.get(name).cloned().unwrap_or_else(missing)),
            Value::Object(object) => match object.get(name) {
                Some(value) => Ok(value),
                None if object.is_map() => Ok(missing()),
                None => match object.call(name, &[]) {
                    Some(result) => result,
                    None => Err(format!("can't evaluate field {name} in {}", value.type_name())),
                },
            },
            Value::Null => Err(format!("nil data; no entry for key {name:?}")),
            Value::Missing => Ok(missing()),
            value => builtins::method(value, name)
                .ok_or_else(|| format!("can't evaluate field {name} in type {}", value.type_name())),
        }
    }
}
