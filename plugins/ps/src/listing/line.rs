//! Lines of cells: padded, cut to a width, coloured. Pure.

use common::commands_a_terminal;

/// How lines are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// How many characters a line may have; `None` for any number.
    pub(crate) width: Option<usize>,
    /// Whether states have a colour.
    pub(crate) colour: bool,
}

/// What a colour says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colour {
    /// As it should be.
    Green,
    /// On its way.
    Yellow,
    /// Look here.
    Red,
}

/// A piece of text in one colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    text: String,
    colour: Option<Colour>,
    to_the_right: bool,
}

impl Cell {
    /// A text; what a terminal would take for a command is not passed on to it.
    pub(super) fn new(text: impl AsRef<str>) -> Self {
        let visible = |character: char| if commands_a_terminal(character) { '?' } else { character };
        Self { text: text.as_ref().chars().map(visible).collect(), colour: None, to_the_right: false }
    }

    /// A text, `-` where there is none.
    pub(super) fn or_dash(text: Option<impl AsRef<str>>) -> Self {
        text.map_or_else(|| Self::new("-"), Self::new)
    }

    /// A number, which stands at the right of its column; `-` where there is none.
    pub(super) fn number(number: Option<u32>) -> Self {
        let text = number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        Self { to_the_right: true, ..Self::new(text) }
    }

    /// The same at the right of its column.
    pub(super) fn right(self) -> Self {
        Self { to_the_right: true, ..self }
    }

    /// The same in a colour.
    pub(super) fn in_colour(self, colour: Option<Colour>) -> Self {
        Self { colour, ..self }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

/// The widths that the columns of these rows need.
pub(super) fn widths<'a>(rows: impl IntoIterator<Item = &'a Vec<Cell>>) -> Vec<usize> {
    let mut widths = Vec::new();
    for row in rows {
        widths.resize(row.len().max(widths.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    widths
}

/// A line: `indent` blanks, then the cells with two blanks between them. There are no blanks at its end.
pub(super) fn line(indent: usize, row: &[Cell], widths: &[usize], look: Look) -> String {
    let mut line = " ".repeat(indent);
    let mut left = look.width.map_or(usize::MAX, |width| width.saturating_sub(indent));
    // Blanks are owed until something follows them.
    let mut owed = 0;
    for (cell, width) in row.iter().zip(widths) {
        let padding = width.saturating_sub(cell.width());
        let (before, after) = if cell.to_the_right { (padding, 0) } else { (0, padding) };
        owed += before;
        if !cell.text.is_empty() {
            // A part of a number is another number.
            let least = if cell.to_the_right { cell.width() } else { 1 };
            if left < owed + least {
                break;
            }
            line.push_str(&" ".repeat(owed));
            left -= owed;
            owed = 0;
            let shown: String = cell.text.chars().take(left).collect();
            left -= shown.chars().count();
            push(&mut line, &shown, cell.colour.filter(|_| look.colour));
        }
        owed += after + 2;
    }
    line.truncate(line.trim_end().len());
    line.push('\n');
    line
}

fn push(line: &mut String, text: &str, colour: Option<Colour>) {
    let code = match colour {
        None => return line.push_str(text),
        Some(Colour::Green) => "32",
        Some(Colour::Yellow) => "33",
        Some(Colour::Red) => "31",
    };
    line.push_str(&format!("\x1b[{code}m{text}\x1b[0m"));
}

/// A span in its two largest units: `3m 12s`, `2d 4h`, `5h`.
pub(super) fn span(seconds: u64) -> String {
    let (large, unit, small, smaller_unit) = match seconds {
        0..60 => return format!("{seconds}s"),
        60..3600 => (seconds / 60, 'm', seconds % 60, 's'),
        3600..86400 => (seconds / 3600, 'h', seconds / 60 % 60, 'm'),
        _ => (seconds / 86400, 'd', seconds / 3600 % 24, 'h'),
    };
    if small == 0 { format!("{large}{unit}") } else { format!("{large}{unit} {small}{smaller_unit}") }
}

/// A number of bytes: `512B`, `1.5KiB`, `256MiB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let (mut unit, mut shift) = (0, 0);
    while bytes >> shift >= 1024 {
        (unit, shift) = (unit + 1, shift + 10);
    }
    // Docker rounds too: so its 12.3MiB stay that.
    let half = (1_u128 << shift) / 2;
    let tenths = (u128::from(bytes) * 10 + half) >> shift;
    let fraction = if tenths.is_multiple_of(10) { String::new() } else { format!(".{}", tenths % 10) };
    format!("{}{fraction}{}", tenths / 10, UNITS.get(unit).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(texts: &[&str]) -> Vec<Cell> {
        texts.iter().map(Cell::new).collect()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [row(&["a", "long", "x"]), row(&["abc", "b"])];
        let widths = widths(&rows);
        assert_eq!(line(2, &rows[0], &widths, Look::default()), "  a    long  x\n");
        assert_eq!(line(0, &rows[1], &widths, Look::default()), "abc  b\n");
        let numbers = [Cell::number(Some(7)), Cell::number(None)];
        assert_eq!(line(0, &numbers, &[3, 2], Look::default()), "  7   -\n");
    }

    #[test]
    fn a_line_is_cut_and_its_colour_ends_with_it() {
        let cells = [Cell::new("web.1"), Cell::new("running").in_colour(Some(Colour::Green))];
        let look = |width| Look { width: Some(width), colour: true };
        assert_eq!(line(1, &cells, &[5, 7], look(11)), " web.1  \x1b[32mrun\x1b[0m\n");
        assert_eq!(line(1, &cells, &[5, 7], look(8)), " web.1\n");
        assert_eq!(line(1, &cells, &[5, 7], look(3)), " we\n");
        assert_eq!(line(0, &[Cell::number(Some(123))], &[3], look(2)), "\n");
        let plain = Look { width: None, colour: false };
        assert_eq!(line(0, &cells, &[5, 7], plain), "web.1  running\n");
    }

    #[test]
    fn what_commands_a_terminal_is_made_harmless() {
        assert_eq!(line(0, &row(&["a\x1b[31m\nb\u{202e}c"]), &[9], Look::default()), "a?[31m?b?c\n");
    }

    #[test]
    fn a_size_has_one_digit_behind_its_point() {
        for (bytes, text) in [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1KiB"),
            (1536, "1.5KiB"),
            (1_274_019, "1.2MiB"),
            (268_435_456, "256MiB"),
            (12_897_484, "12.3MiB"),
            (1_073_741_823, "1024MiB"),
            (u64::MAX, "16EiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn a_span_has_its_two_largest_units() {
        for (seconds, words) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (192, "3m 12s"),
            (3600, "1h"),
            (3661, "1h 1m"),
            (86399, "23h 59m"),
            (187_200, "2d 4h"),
            (86_400 * 400 + 59, "400d"),
        ] {
            assert_eq!(span(seconds), words);
        }
    }
}
