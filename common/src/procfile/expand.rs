//! Variables in a command, expanded as the host does, `$NAME` and `${NAME}`, and with a shell's defaults:
//! `${NAME:-default}`.

/// Defaults within defaults are followed so deep.
const DEEPEST: usize = 32;

/// Replaces `$NAME` and `${NAME}` by what `value` says of the name, which is nothing where it is not set.
///
/// The rules are those of Go's `os.Expand`, which the host uses: `$` before anything that cannot
/// start a name stays, `${}` and an unclosed `${` go, and `$$`, `$1` and the like are names. `$(…)` is not run: it
/// stays, and variables in it expand like all others, before any shell sees it.
///
/// On top of these come a shell's defaults: `${NAME:-default}` and `${NAME:=default}` where NAME is not set or empty,
/// `${NAME-default}` and `${NAME=default}` where it is not set. Nothing is assigned. A default ends at the `}` that
/// belongs to it, as in a shell: quotes and backslashes go and keep a `}` from ending it, what is not in single quotes
/// expands, and `$(…)` is left as it is elsewhere; between double quotes `'` is a character as any other. The blanks of
/// a default part words whether it quotes them or not, so a default with blanks wants the quotes around the whole:
/// `"${NAME:-a b}"`. From a default that does not end, or has more than 32
/// within each other, Go's rules alone hold: so the time is that of reading the text.
///
/// ```
/// let value = |name: &str| (name == "PORT").then(|| "5000".to_owned());
/// assert_eq!(dokku_plugin::procfile::expand("web -p $PORT ${X}$", value), "web -p 5000 $");
/// assert_eq!(dokku_plugin::procfile::expand("${PORT:-80} ${HOST:-'::1'}", value), "5000 ::1");
/// ```
pub fn expand(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut expansion = Expansion {
        value: &value,
        text,
        last_brace: text.rfind('}').unwrap_or_default(),
        position: 0,
        expanded: String::with_capacity(text.len()),
        defaults: true,
    };
    let mut quotes = Quotes::default();
    while let Some(character) = expansion.next() {
        quotes.pass(character);
        match character {
            '$' => expansion.variable(quotes.open == Some('"')),
            other => expansion.expanded.push(other),
        }
    }
    expansion.expanded
}

/// The quotes of a command outside of its defaults, as a shell sees them.
#[derive(Default)]
struct Quotes {
    open: Option<char>,
    /// Whether a backslash stands before the next character.
    escapes: bool,
}

impl Quotes {
    fn pass(&mut self, character: char) {
        let is_escaped = std::mem::take(&mut self.escapes);
        match (character, self.open) {
            _ if is_escaped => {}
            ('\\', None | Some('"')) => self.escapes = true,
            ('\'' | '"', None) => self.open = Some(character),
            (closing, Some(opening)) if closing == opening => self.open = None,
            _ => {}
        }
    }
}

/// A default that does not end.
struct Unclosed;

struct Expansion<'a, V> {
    value: &'a V,
    text: &'a str,
    /// Behind it no `${` needs to be looked for the end of.
    last_brace: usize,
    position: usize,
    expanded: String,
    /// Whether defaults are looked for: no longer once one did not end.
    defaults: bool,
}

impl<'a, V: Fn(&str) -> Option<String>> Expansion<'a, V> {
    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.rest().chars().next()?;
        self.position += character.len_utf8();
        Some(character)
    }

    /// What follows a `$` outside of defaults.
    fn variable(&mut self, in_quotes: bool) {
        let (position, length) = (self.position, self.expanded.len());
        if self.with_default(0, true, in_quotes).is_err() {
            self.defaults = false;
            self.position = position;
            self.expanded.truncate(length);
            self.plain_variable(true);
        }
    }

    /// What follows a `$`, with `depth` defaults around it, and between double quotes or not. What is not `wanted` is
    /// only read.
    fn with_default(&mut self, depth: usize, wanted: bool, in_quotes: bool) -> Result<(), Unclosed> {
        let default = if self.defaults { default_in(self.rest()) } else { None };
        let Some(Beginning { name, even_if_empty, length }) = default else {
            self.plain_variable(wanted);
            return Ok(());
        };
        if depth == DEEPEST {
            return Err(Unclosed);
        }
        self.position += length;
        let value = if wanted { (self.value)(name) } else { None };
        match value.filter(|value| !(even_if_empty && value.is_empty())) {
            Some(value) => {
                self.expanded.push_str(&value);
                self.default(depth + 1, false, in_quotes)
            }
            None => self.default(depth + 1, wanted, in_quotes),
        }
    }

    /// Go's rules for what follows a `$`.
    fn plain_variable(&mut self, wanted: bool) {
        let (name, length) = match next_name(self.rest(), self.position < self.last_brace) {
            Name::Variable { name, length } => (Some(name), length),
            Name::Malformed { length } => (None, length),
            Name::None => return self.push('$', wanted),
        };
        self.position += length;
        if let Some(value) = name.filter(|_| wanted).and_then(|name| (self.value)(name)) {
            self.expanded.push_str(&value);
        }
    }

    fn push(&mut self, character: char, wanted: bool) {
        if wanted {
            self.expanded.push(character);
        }
    }

    /// A default up to the `}` that ends it.
    fn default(&mut self, depth: usize, wanted: bool, in_quotes: bool) -> Result<(), Unclosed> {
        let mut quoted = false;
        loop {
            let any_quotes = in_quotes || quoted;
            match self.next().ok_or(Unclosed)? {
                '}' if !quoted => return Ok(()),
                '"' => quoted = !quoted,
                '\'' if !any_quotes => loop {
                    match self.next().ok_or(Unclosed)? {
                        '\'' => break,
                        other => self.push(other, wanted),
                    }
                },
                '\\' => {
                    let escaped = self.next().ok_or(Unclosed)?;
                    if any_quotes && !matches!(escaped, '$' | '`' | '"' | '\\' | '}') {
                        self.push('\\', wanted);
                    }
                    self.push(escaped, wanted);
                }
                '$' if self.rest().starts_with('(') => self.command(depth, wanted)?,
                '$' => self.with_default(depth, wanted, any_quotes)?,
                other => self.push(other, wanted),
            }
        }
    }

    /// `$(…)` in a default, from its `(` on: it is left for a shell, its quotes too. Its own parentheses and quotes
    /// tell where it ends.
    fn command(&mut self, depth: usize, wanted: bool) -> Result<(), Unclosed> {
        self.push('$', wanted);
        let (mut open, mut quote) = (0_usize, None);
        loop {
            let character = self.next().ok_or(Unclosed)?;
            if character == '$' {
                self.with_default(depth, wanted, quote == Some('"'))?;
                continue;
            }
            self.push(character, wanted);
            match (character, quote) {
                ('\\', None | Some('"')) => {
                    let escaped = self.next().ok_or(Unclosed)?;
                    self.push(escaped, wanted);
                }
                ('\'' | '"', None) => quote = Some(character),
                (closing, Some(opening)) if closing == opening => quote = None,
                ('(', None) => open += 1,
                (')', None) if open <= 1 => return Ok(()),
                (')', None) => open -= 1,
                _ => {}
            }
        }
    }
}

/// The beginning of `{NAME:-default}`; `length` counts its bytes up to the default.
struct Beginning<'a> {
    name: &'a str,
    /// Whether it stands for an empty value too.
    even_if_empty: bool,
    length: usize,
}

fn default_in(text: &str) -> Option<Beginning<'_>> {
    let braced = text.strip_prefix('{')?;
    let end = name_length(braced);
    let starts_name =
        |name: &&str| name.starts_with(|character: char| character.is_ascii_alphabetic() || character == '_');
    let name = braced.get(..end).filter(starts_name)?;
    let operator = braced.get(end..)?;
    let even_if_empty = operator.starts_with(':');
    operator.strip_prefix(':').unwrap_or(operator).starts_with(['-', '=']).then_some(Beginning {
        name,
        even_if_empty,
        length: 1 + end + usize::from(even_if_empty) + 1,
    })
}

/// How many bytes at the start of the text can be a name.
fn name_length(text: &str) -> usize {
    text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
}

/// What follows a `$`; `length` counts its bytes.
enum Name<'a> {
    Variable { name: &'a str, length: usize },
    Malformed { length: usize },
    None,
}

fn next_name(text: &str, has_brace: bool) -> Name<'_> {
    let is_special = |character: char| "*#$@!?-0123456789".contains(character);
    if let Some(braced) = text.strip_prefix('{') {
        return match has_brace.then(|| braced.find('}')).flatten() {
            Some(0) => Name::Malformed { length: 2 },
            Some(end) => Name::Variable { name: braced.get(..end).unwrap_or_default(), length: end + 2 },
            None => Name::Malformed { length: 1 },
        };
    }
    if text.starts_with(is_special) {
        return Name::Variable { name: text.get(..1).unwrap_or_default(), length: 1 };
    }
    let length = name_length(text);
    if length == 0 { Name::None } else { Name::Variable { name: text.get(..length).unwrap_or_default(), length } }
}

#[cfg(test)]
#[path = "expand_tests.rs"]
mod tests;
