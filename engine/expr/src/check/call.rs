//! Calls: which function, how many arguments, what they become, what comes back.

use super::scope::nearest;
use super::{Checker, Made, Op, ProgramNode, RecordPart, node_index};
use crate::diagnostic::{Code, Diagnostic};
use crate::functions::record::{CREATED_TIME, RECORD_ID};
use crate::functions::{Family, FnDef, Mark};
use crate::reference;
use crate::span::Span;
use crate::time;
use crate::types::{Default, Param, ParamType, Returns, Type, comparable, unify};
use crate::value::Value;
use jiff::tz::TimeZone;

impl Checker<'_> {
    pub(super) fn call(&mut self, name: &str, name_span: Span, args: &[Made], span: Span) -> Made {
        match reference::function(name) {
            Some(def) => self.apply(def, args, span),
            None => {
                let names = reference::functions().map(|def| def.name);
                let mut diagnostic = Diagnostic::error(
                    Code::UnknownFunction,
                    name_span,
                    format!("There is no function {name}."),
                );
                if let Some(found) = nearest(name, names) {
                    diagnostic = diagnostic.hint(format!("Did you mean {found}?"));
                }
                self.fail(diagnostic)
            }
        }
    }

    pub(super) fn apply(&mut self, def: &'static FnDef, args: &[Made], span: Span) -> Made {
        if let Some(diagnostic) = arity(def, args, span) {
            return self.fail(diagnostic);
        }
        if args.iter().any(|arg| arg.poisoned) {
            return self.poison(span);
        }
        if def.mark == Mark::Record {
            return self.record(def, args, span);
        }
        let given = args;
        let Some((args, out)) = self.arguments(def, given) else { return self.poison(span) };
        let when = args.iter().map(|arg| arg.ty).find(|ty| matches!(ty, Type::Date | Type::DateTime));
        let ty = match def.signature.returns {
            Returns::Is(ty) => ty,
            Returns::Out => out,
            Returns::When => when.unwrap_or(Type::DateTime),
        };
        let mut prepared = Vec::with_capacity(args.len());
        for (index, arg) in args.iter().enumerate() {
            let param = def.signature.param(index, args.len()).map_or(ParamType::Out, |param| param.ty);
            match self.prepare(param, *arg) {
                Ok(made) => prepared.push(made),
                Err(diagnostic) => return self.fail(diagnostic),
            }
        }
        if let [date, what] = args[..] {
            match def.mark {
                Mark::Zone => return Made { zone: Some(what.node), span, ..date },
                Mark::Locale => return Made { locale: Some(what.node), span, ..date },
                Mark::None | Mark::Record => {}
            }
        }
        for arg in given {
            let used = |kind| def.signature.params.iter().any(|param| param.ty == kind);
            let left = Made {
                zone: arg.zone.filter(|_| !used(ParamType::Zone)),
                locale: arg.locale.filter(|_| !used(ParamType::Locale)),
                ..*arg
            };
            self.unused_marks(Some(left));
        }
        self.out.volatility = self.out.volatility.max(def.volatility);
        let first = self.out.args.len();
        self.out.args.extend(args.iter().map(|arg| arg.node));
        self.out.prepared.extend(prepared);
        let range = node_index(first)..node_index(self.out.args.len());
        let made = self.emit(Op::Call(def, range), ty, span);
        let zone = given.iter().find_map(|arg| arg.zone).filter(|_| def.signature.returns == Returns::When);
        // A date computed in a zone stays in it, if its name is a literal (each node has one user: a copy).
        match zone.map(|node| self.out.nodes[node as usize].clone()) {
            Some(ProgramNode { op: op @ Op::Const(_), ty, span }) => {
                Made { zone: Some(self.emit(op, ty, span).node), ..made }
            }
            _ => made,
        }
    }

    /// A zone or a language that the function around it does not ask for.
    pub(super) fn unused_marks(&mut self, made: Option<Made>) {
        let Some(made) = made else { return };
        for (name, mark) in [("SET_TIMEZONE", made.zone), ("SET_LOCALE", made.locale)] {
            if mark.is_some() && !made.poisoned {
                let message = format!("{name} has no effect here.");
                self.diagnostics.push(Diagnostic::warning(Code::NoEffect, made.span, message).hint(
                    "Write it inside DATETIME_FORMAT or another function that works in a zone or a language.",
                ));
            }
        }
    }

    /// A step that asks the record.
    fn record(&mut self, def: &FnDef, args: &[Made], span: Span) -> Made {
        if !self.scope.has_record() {
            let message = format!("There is no record here that {} could ask.", def.name);
            return self.fail(Diagnostic::error(Code::NoRecord, span, message));
        }
        if !args.is_empty() && !self.scope.has_field_times() {
            let message = "When single fields were changed is not known here.";
            return self.fail(Diagnostic::error(Code::NoRecord, span, message));
        }
        let mut fields = Vec::with_capacity(args.len());
        for arg in args {
            match self.out.nodes[arg.node as usize].op {
                Op::Field(key) => fields.push(key),
                _ => {
                    let message = format!("{} takes fields, as in {{Name}}.", def.name);
                    return self.fail(Diagnostic::error(Code::ExpectedField, arg.span, message));
                }
            }
        }
        let part = match def.name {
            RECORD_ID => RecordPart::Id,
            CREATED_TIME => RecordPart::CreatedTime,
            _ => RecordPart::ModifiedTime(fields),
        };
        let ty = part.ty();
        self.emit(Op::Record(part), ty, span)
    }

    /// Converts arguments and adds defaults; the type of the `Out` ones comes along. `None`: reported.
    fn arguments(&mut self, def: &'static FnDef, given: &[Made]) -> Option<(Vec<Made>, Type)> {
        let count = given.len();
        let kind = |index| def.signature.param(index, count).map(|param: &Param| param.ty);
        let of_kind = |wanted: ParamType| (0..count).filter(move |index| kind(*index) == Some(wanted));

        let mut args = given.to_vec();
        let keys: Vec<usize> = of_kind(ParamType::Key).collect();
        let key_type = self.key_type(def, &mut args, &keys)?;
        let out_type = self.out_type(&args, &of_kind(ParamType::Out).collect::<Vec<_>>());
        for (index, arg) in args.iter_mut().enumerate() {
            let param = def.signature.param(index, count)?;
            *arg = self.argument(def, param, *arg, key_type, out_type)?;
        }
        let zone = given.iter().find_map(|arg| arg.zone);
        let locale = given.iter().find_map(|arg| arg.locale);
        for param in def.signature.params.iter().skip(count) {
            let marked = match param.ty {
                ParamType::Zone => zone,
                ParamType::Locale => locale,
                _ => None,
            };
            if let Some(node) = marked {
                let ProgramNode { ty, span, .. } = self.out.nodes[node as usize];
                args.push(Made { node, ty, span, poisoned: false, zone: None, locale: None });
                continue;
            }
            let (value, ty) = match param.default {
                None | Some(Default::Blank) => (Value::Null, Type::Null),
                Some(Default::Number(number)) => (Value::Number(number), Type::Number),
                Some(Default::Text(text)) => (Value::text(text), Type::Text),
            };
            let span = given.last().map_or(Span::default(), |arg| arg.span);
            args.push(self.emit(Op::Const(value), ty, span));
        }
        Some((args, out_type))
    }

    fn argument(&mut self, def: &FnDef, param: &Param, arg: Made, key: Type, out: Type) -> Option<Made> {
        let target = match param.ty {
            ParamType::Is(ty) => ty,
            ParamType::Key => key,
            ParamType::Out => out,
            ParamType::Pattern | ParamType::Zone | ParamType::Locale | ParamType::Unit => Type::Text,
            ParamType::Field => arg.ty, // only `record` takes fields
            ParamType::Numbers => match arg.ty {
                Type::List | Type::Links | Type::Any => Type::Any,
                _ => Type::Number,
            },
            ParamType::Dates => match arg.ty {
                Type::List | Type::Links | Type::Any => Type::Any,
                _ => Type::DateTime,
            },
            ParamType::When => match arg.ty {
                Type::Date => Type::Date,
                Type::Text if self.literal_date_type(arg) == Some(Type::Date) => Type::Date,
                _ => Type::DateTime,
            },
            ParamType::Word(words) => {
                if !self.word_fits(arg, words) {
                    let message =
                        format!("{} of {} must be one of these words.", called(def, param), def.name);
                    self.diagnostics.push(
                        Diagnostic::error(Code::UnknownOption, arg.span, message).hint(words.join(", ")),
                    );
                    return None;
                }
                Type::Text
            }
        };
        let arg = if matches!(target, Type::Date | Type::DateTime) && self.literal_text(arg).is_some() {
            self.literal_date(arg, target)?
        } else {
            arg
        };
        if let Some(converted) = self.convert(arg, target) {
            return Some(converted);
        }
        let mut diagnostic = Diagnostic::error(
            Code::TypeMismatch,
            arg.span,
            format!(
                "{} of {} must be {}; this is {}.",
                called(def, param),
                def.name,
                target.with_article(),
                arg.ty.with_article()
            ),
        );
        if matches!(arg.ty, Type::Text | Type::Option) {
            match target {
                Type::Number => diagnostic = diagnostic.hint("VALUE(…) reads a number from a text."),
                Type::Date | Type::DateTime => {
                    diagnostic = diagnostic.hint("DATETIME_PARSE(…) reads a date and time from a text.");
                }
                _ => {}
            }
        }
        self.diagnostics.push(diagnostic);
        None
    }

    /// The type in which the `Key` arguments are compared. Literal texts beside dates become dates first.
    fn key_type(&mut self, def: &FnDef, args: &mut [Made], keys: &[usize]) -> Option<Type> {
        let dated = keys.iter().any(|index| matches!(args[*index].ty, Type::Date | Type::DateTime));
        let mut common = Type::Null;
        for index in keys {
            let arg = args[*index];
            if dated && self.literal_text(arg).is_some_and(|text| !text.is_empty()) {
                args[*index] = self.literal_date(arg, Type::DateTime)?;
            }
            let arg = args[*index];
            let Some(next) = comparable(common, arg.ty).or_else(|| self.blank_instead(args, *index)) else {
                let mut diagnostic = Diagnostic::error(
                    Code::TypeMismatch,
                    arg.span,
                    format!(
                        "{} compares values of one kind; here {} meets {}.",
                        def.name,
                        common.with_article(),
                        arg.ty.with_article()
                    ),
                );
                if matches!((common, arg.ty), (Type::Number, Type::Text) | (Type::Text, Type::Number)) {
                    diagnostic =
                        diagnostic.hint("Write numbers without quotes; VALUE(…) reads one from a text.");
                }
                self.diagnostics.push(diagnostic);
                return None;
            };
            common = next;
        }
        Some(common)
    }

    /// `{Price} = ""` asks for blank, as Airtable's clients write it.
    fn blank_instead(&mut self, args: &mut [Made], index: usize) -> Option<Type> {
        for arg in args[..=index].iter_mut().filter(|arg| arg.ty == Type::Text) {
            if self.literal_text(*arg) != Some("") {
                return None;
            }
            let node = &mut self.out.nodes[arg.node as usize];
            (node.op, node.ty) = (Op::Const(Value::Null), Type::Null);
            arg.ty = Type::Null;
        }
        args[..=index].iter().try_fold(Type::Null, |common, arg| comparable(common, arg.ty))
    }

    fn out_type(&mut self, args: &[Made], outs: &[usize]) -> Type {
        let mut common = Type::Null;
        let mut warned = false;
        for index in outs {
            let (next, mixed) = unify(common, args[*index].ty);
            if mixed && !warned {
                warned = true;
                let message = format!(
                    "The result may be {} or {}: both become text.",
                    common.with_article(),
                    args[*index].ty.with_article()
                );
                self.diagnostics.push(
                    Diagnostic::warning(Code::MixedBranches, args[*index].span, message)
                        .hint("BLANK() keeps the other branch's type."),
                );
            }
            common = next;
        }
        common
    }

    fn literal_text(&self, arg: Made) -> Option<&str> {
        match &self.out.nodes[arg.node as usize].op {
            Op::Const(Value::Text(text)) if arg.ty == Type::Text => Some(text),
            _ => None,
        }
    }

    fn literal_date_type(&self, arg: Made) -> Option<Type> {
        let text = self.literal_text(arg)?;
        if time::parse_date(text).is_some() {
            return Some(Type::Date);
        }
        time::parse_date_time(text, &TimeZone::UTC).map(|_| Type::DateTime)
    }

    /// A literal text as a `Date` or a `DateTime`, whichever it is. A local time becomes an instant while running,
    /// when the zone is known.
    fn literal_date(&mut self, arg: Made, target: Type) -> Option<Made> {
        let text = self.literal_text(arg).unwrap_or_default().to_owned();
        match self.literal_date_type(arg) {
            Some(Type::Date) => {
                let days = time::parse_date(&text).unwrap_or_default();
                // In its place: every node has one user, so nobody else sees the text.
                let node = &mut self.out.nodes[arg.node as usize];
                (node.op, node.ty) = (Op::Const(Value::Date(days)), Type::Date);
                Some(Made { ty: Type::Date, ..arg })
            }
            Some(_) => {
                let arg = Made { ty: Type::Any, ..arg };
                self.convert(arg, Type::DateTime)
            }
            None => {
                let message = format!("This text is not {}.", target.with_article());
                let hint = "Write \"2026-11-21\", \"2026-11-21 10:30\" or \"2026-11-21T10:30:00Z\".";
                self.diagnostics.push(Diagnostic::error(Code::BadDate, arg.span, message).hint(hint));
                None
            }
        }
    }

    fn word_fits(&self, arg: Made, words: &[&'static str]) -> bool {
        match &self.out.nodes[arg.node as usize].op {
            Op::Const(Value::Text(text)) => crate::functions::unit::word(text, words).is_some(),
            Op::Const(_) => false,
            _ => true,
        }
    }
}

/// A parameter at the beginning of a sentence.
fn called(def: &FnDef, param: &Param) -> String {
    if def.family == Family::Operator {
        format!("The {}", param.name)
    } else {
        format!("Argument `{}`", param.name)
    }
}

fn arity(def: &FnDef, args: &[Made], span: Span) -> Option<Diagnostic> {
    let signature = &def.signature;
    let usage = || format!("Usage: {}", def.usage());
    let count = args.len();
    if count < signature.min() || signature.cuts_group(count) {
        let message = format!("{} needs more arguments.", def.name);
        return Some(Diagnostic::error(Code::TooFewArguments, span, message).hint(usage()));
    }
    if let Some(max) = signature.max().filter(|max| count > *max) {
        let span = args.get(max).map_or(span, |arg| arg.span);
        let message = format!("{} takes no more than {max} arguments.", def.name);
        return Some(Diagnostic::error(Code::TooManyArguments, span, message).hint(usage()));
    }
    None
}
