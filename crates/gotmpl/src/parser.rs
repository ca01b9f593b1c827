//! Builds the syntax tree from tokens; knows which functions exist and which variables are in scope.

use crate::ast::{Block, Command, Node, Operand, Pipe};
use crate::lexer::{self, Piece, Token};
use crate::{MAX_DEPTH, TemplateError, Value};

type Defined = Vec<(String, Block)>;

pub fn parse(name: &str, text: &str, known: &dyn Fn(&str) -> bool) -> Result<Defined, TemplateError> {
    let error = |line, message| TemplateError::Parse { name: name.to_owned(), line, message };
    let pieces = lexer::lex(text).map_err(|e| error(e.line, e.message))?;
    let mut parser = Parser {
        pieces: pieces.into_iter().peekable(),
        known,
        variables: vec![String::new()],
        defined: Vec::new(),
        depth: 0,
        loops: 0,
        line: 1,
    };
    match parser.block() {
        Ok((block, End::Eof)) => {
            parser.defined.push((name.to_owned(), block));
            Ok(parser.defined)
        }
        Ok((_, end)) => Err(error(parser.line, format!("unexpected {{{{{}}}}}", end.keyword()))),
        Err(message) => Err(error(parser.line, message)),
    }
}

/// What closed a block.
enum End {
    Eof,
    Closed,
    Else(Vec<Token>),
}

impl End {
    fn keyword(&self) -> &'static str {
        match self {
            Self::Eof => "EOF",
            Self::Closed => "end",
            Self::Else(_) => "else",
        }
    }
}

struct Parser<'a> {
    pieces: std::iter::Peekable<std::vec::IntoIter<Piece>>,
    known: &'a dyn Fn(&str) -> bool,
    /// Names in scope; a block forgets what it declared.
    variables: Vec<String>,
    defined: Defined,
    depth: usize,
    loops: usize,
    line: usize,
}

impl Parser<'_> {
    fn block(&mut self) -> Result<(Block, End), String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("blocks are nested deeper than {MAX_DEPTH}"));
        }
        let mut nodes = Block::new();
        let end = loop {
            let Some(piece) = self.pieces.next() else { break End::Eof };
            match piece {
                Piece::Text(text) => nodes.push(Node::Text(text)),
                Piece::Action { line, tokens } => {
                    self.line = line;
                    if let Some(end) = self.action(line, tokens, &mut nodes)? {
                        break end;
                    }
                }
            }
        };
        self.depth -= 1;
        Ok((nodes, end))
    }

    fn action(&mut self, line: usize, tokens: Vec<Token>, nodes: &mut Block) -> Result<Option<End>, String> {
        let mut tokens = Tokens::new(tokens);
        tokens.skip_space();
        let keyword = match tokens.peek() {
            Some(Token::Identifier(word)) => word.clone(),
            None => return Err("missing value for command".to_owned()),
            _ => String::new(),
        };
        match keyword.as_str() {
            "end" => return Ok(Some(End::Closed)),
            "else" => {
                tokens.next();
                return Ok(Some(End::Else(tokens.rest())));
            }
            "if" | "with" | "range" => {
                tokens.next();
                let node = self.control(&keyword, line, &mut tokens)?;
                nodes.push(node);
            }
            "define" => {
                tokens.next();
                let name = self.template_name(&mut tokens, "define")?;
                tokens.finish("define")?;
                let outer = std::mem::replace(&mut self.variables, vec![String::new()]);
                let block = self.closed_block("define")?;
                self.variables = outer;
                self.defined.push((name, block));
            }
            "block" => {
                tokens.next();
                let name = self.template_name(&mut tokens, "block")?;
                let pipe = self.pipe(&mut tokens, "block")?;
                let outer = std::mem::replace(&mut self.variables, vec![String::new()]);
                let block = self.closed_block("block")?;
                self.variables = outer;
                self.defined.push((name.clone(), block));
                nodes.push(Node::Template { line, name, pipe: Some(pipe) });
            }
            "template" => {
                tokens.next();
                let name = self.template_name(&mut tokens, "template")?;
                tokens.skip_space();
                let pipe =
                    if tokens.peek().is_none() { None } else { Some(self.pipe(&mut tokens, "template")?) };
                nodes.push(Node::Template { line, name, pipe });
            }
            "break" | "continue" => {
                if self.loops == 0 {
                    return Err(format!("{{{{{keyword}}}}} outside {{{{range}}}}"));
                }
                nodes.push(if keyword == "break" { Node::Break } else { Node::Continue });
            }
            _ => {
                let pipe = self.pipe(&mut tokens, "command")?;
                nodes.push(Node::Action { line, pipe });
            }
        }
        Ok(None)
    }

    fn closed_block(&mut self, what: &str) -> Result<Block, String> {
        match self.block()? {
            (block, End::Closed) => Ok(block),
            (_, end) => Err(format!("unexpected {} in {what}", end.keyword())),
        }
    }

    fn template_name(&mut self, tokens: &mut Tokens, what: &str) -> Result<String, String> {
        tokens.skip_space();
        match tokens.next() {
            Some(Token::Str(name)) => Ok(name),
            found => Err(format!(
                "unexpected {} in {what} clause, expected a quoted name",
                describe(found.as_ref())
            )),
        }
    }

    /// `if`, `with` and `range`, with `else`, `else if` and `else with`.
    fn control(&mut self, keyword: &str, line: usize, tokens: &mut Tokens) -> Result<Node, String> {
        let scope = self.variables.len();
        let pipe = self.pipe(tokens, keyword)?;
        let looping = keyword == "range";
        self.loops += usize::from(looping);
        let (then, end) = self.block()?;
        self.loops -= usize::from(looping);
        let otherwise = match end {
            End::Closed => Block::new(),
            End::Eof => return Err(format!("unclosed {{{{{keyword}}}}}: found EOF, expected {{{{end}}}}")),
            End::Else(rest) => {
                let mut rest = Tokens::new(rest);
                rest.skip_space();
                match rest.next() {
                    None => self.closed_block(keyword)?,
                    Some(Token::Identifier(next)) if next == keyword && keyword != "range" => {
                        vec![self.control(&next, line, &mut rest)?]
                    }
                    found => return Err(format!("unexpected {} in else clause", describe(found.as_ref()))),
                }
            }
        };
        self.variables.truncate(scope);
        Ok(match keyword {
            "if" => Node::If { line, pipe, then, otherwise },
            "with" => Node::With { line, pipe, then, otherwise },
            _ => Node::Range { line, pipe, then, otherwise },
        })
    }

    fn pipe(&mut self, tokens: &mut Tokens, context: &str) -> Result<Pipe, String> {
        let pipe = self.open_pipe(tokens, context)?;
        tokens.finish(context)?;
        Ok(pipe)
    }

    /// A pipeline up to the end of the action or a closing parenthesis.
    fn open_pipe(&mut self, tokens: &mut Tokens, context: &str) -> Result<Pipe, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("parentheses are nested deeper than {MAX_DEPTH}"));
        }
        let (variables, assign) = self.declaration(tokens, context)?;
        let mut commands = Vec::new();
        loop {
            let command = self.command(tokens, context)?;
            if let (Some(_), Some(Operand::Literal(_) | Operand::Nil | Operand::Dot)) =
                (commands.last(), command.operands.first())
            {
                return Err(format!("non executable command in pipeline stage {}", commands.len() + 1));
            }
            commands.push(command);
            tokens.skip_space();
            if tokens.peek() != Some(&Token::Pipe) {
                break;
            }
            tokens.next();
        }
        self.depth -= 1;
        if !assign {
            self.variables.extend(variables.iter().cloned());
        }
        Ok(Pipe { variables, assign, commands })
    }

    /// `$x :=`, `$x =` or, for range, `$i, $x :=`.
    fn declaration(&mut self, tokens: &mut Tokens, context: &str) -> Result<(Vec<String>, bool), String> {
        let start = tokens.at;
        let mut names = Vec::new();
        loop {
            tokens.skip_space();
            let Some(Token::Variable(name)) = tokens.peek().cloned() else { break };
            tokens.next();
            names.push(name);
            tokens.skip_space();
            match tokens.peek() {
                Some(Token::Comma) if context == "range" && names.len() == 1 => {
                    tokens.next();
                }
                Some(Token::Declare) => {
                    tokens.next();
                    return Ok((names, false));
                }
                Some(Token::Assign) => {
                    tokens.next();
                    for name in &names {
                        self.check_variable(name)?;
                    }
                    return Ok((names, true));
                }
                _ => break,
            }
        }
        tokens.at = start;
        Ok((Vec::new(), false))
    }

    fn check_variable(&self, name: &str) -> Result<(), String> {
        if self.variables.iter().any(|known| known == name) {
            Ok(())
        } else {
            Err(format!("undefined variable \"${name}\""))
        }
    }

    fn command(&mut self, tokens: &mut Tokens, context: &str) -> Result<Command, String> {
        let mut operands = Vec::new();
        loop {
            tokens.skip_space();
            match tokens.peek() {
                None | Some(Token::Pipe | Token::RightParen) => break,
                _ => {}
            }
            let operand = self.operand(tokens)?;
            operands.push(operand);
            if !matches!(tokens.peek(), None | Some(Token::Space | Token::Pipe | Token::RightParen)) {
                return Err(format!("unexpected {} in operand", describe(tokens.peek())));
            }
        }
        if operands.is_empty() {
            return Err(format!("missing value for {context}"));
        }
        Ok(Command { operands })
    }

    fn operand(&mut self, tokens: &mut Tokens) -> Result<Operand, String> {
        Ok(match tokens.next() {
            Some(Token::Dot) => Operand::Dot,
            Some(Token::Str(text)) => Operand::Literal(Value::from(text)),
            Some(Token::Int(value)) => Operand::Literal(Value::Int(value)),
            Some(Token::Float(value)) => Operand::Literal(Value::Float(value)),
            Some(Token::Field(first)) => {
                let mut fields = vec![first];
                fields.extend(tokens.fields());
                Operand::Field(fields)
            }
            Some(Token::Variable(name)) => {
                self.check_variable(&name)?;
                Operand::Variable { name, fields: tokens.fields() }
            }
            Some(Token::Identifier(word)) => match word.as_str() {
                "true" => Operand::Literal(Value::Bool(true)),
                "false" => Operand::Literal(Value::Bool(false)),
                "nil" => Operand::Nil,
                _ if (self.known)(&word) => Operand::Function(word),
                _ => return Err(format!("function {word:?} not defined")),
            },
            Some(Token::LeftParen) => {
                let pipe = self.open_pipe(tokens, "parenthesized pipeline")?;
                tokens.skip_space();
                match tokens.next() {
                    Some(Token::RightParen) => {}
                    found => return Err(format!("unclosed left paren: found {}", describe(found.as_ref()))),
                }
                Operand::Paren { pipe: Box::new(pipe), fields: tokens.fields() }
            }
            found => return Err(format!("unexpected {} in operand", describe(found.as_ref()))),
        })
    }
}

fn describe(token: Option<&Token>) -> String {
    match token {
        None => "end of action".to_owned(),
        Some(Token::Identifier(word)) => format!("{word:?}"),
        Some(Token::Field(name)) => format!("<.{name}>"),
        Some(Token::Variable(name)) => format!("<${name}>"),
        Some(Token::Str(text)) => format!("{text:?}"),
        Some(Token::Int(value)) => value.to_string(),
        Some(Token::Float(value)) => value.to_string(),
        Some(Token::Dot) => "<.>".to_owned(),
        Some(Token::Pipe) => "\"|\"".to_owned(),
        Some(Token::LeftParen) => "\"(\"".to_owned(),
        Some(Token::RightParen) => "\")\"".to_owned(),
        Some(Token::Comma) => "\",\"".to_owned(),
        Some(Token::Declare) => "\":=\"".to_owned(),
        Some(Token::Assign) => "\"=\"".to_owned(),
        Some(Token::Space) => "space".to_owned(),
    }
}

struct Tokens {
    tokens: Vec<Token>,
    at: usize,
}

impl Tokens {
    fn new(tokens: Vec<Token>) -> Self {
        Self { tokens, at: 0 }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    fn skip_space(&mut self) {
        while self.peek() == Some(&Token::Space) {
            self.at += 1;
        }
    }

    fn rest(&mut self) -> Vec<Token> {
        self.tokens.split_off(self.at)
    }

    /// The fields that follow without a space.
    fn fields(&mut self) -> Vec<String> {
        let mut fields = Vec::new();
        while let Some(Token::Field(name)) = self.peek().cloned() {
            self.at += 1;
            fields.push(name);
        }
        fields
    }

    fn finish(&mut self, context: &str) -> Result<(), String> {
        self.skip_space();
        match self.peek() {
            None => Ok(()),
            found => Err(format!("unexpected {} in {context}", describe(found))),
        }
    }
}
