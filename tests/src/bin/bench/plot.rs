//! Plots as SVG, readable on a light and on a dark page.

use std::fmt::Write as _;
use std::fs;

use ps_tests::repository;

/// Each stands out from white and from black.
const COLOURS: [&str; 9] =
    ["#2f7ed8", "#d9822b", "#2a9d6f", "#c0489a", "#8a6fd1", "#9a8a2f", "#8c959f", "#d1495b", "#3aa6b9"];
const STYLE: &str = "text { font: 12px sans-serif; fill: #24292f } .axis { stroke: #8c959f } .grid { stroke: #8c959f; stroke-opacity: 0.3 } \
     .line { fill: none; stroke-width: 2 } .right { text-anchor: end } .middle { text-anchor: middle } .title { font-weight: bold } \
     @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }";
const WIDTH: f64 = 760.0;
const TOP: f64 = 46.0;
/// The height of a line of text with what is around it.
const LINE: f64 = 20.0;

/// An axis from the first to the last of its ticks, in pixels.
struct Axis {
    ticks: Vec<f64>,
    logarithmic: bool,
    from: f64,
    to: f64,
}

/// What is shown along a plot, and its numbers; one that is missing is left out.
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) values: Vec<Option<f64>>,
}

impl Axis {
    /// Powers of ten around the values, with 2 and 5 where there are few.
    fn logarithmic(values: &[f64], from: f64, to: f64) -> Self {
        let low = values.iter().copied().fold(f64::MAX, f64::min);
        let high = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let steps = (-9..9).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(power)));
        let steps: Vec<f64> = steps.collect();
        let first = steps.iter().rposition(|step| *step <= low).unwrap_or(0);
        let last = steps.iter().position(|step| *step >= high).unwrap_or(steps.len() - 1).max(first + 1);
        Self { ticks: steps[first..=last].to_vec(), logarithmic: true, from, to }
    }

    /// From 0 to the next round number.
    fn linear(values: &[f64], from: f64, to: f64) -> Self {
        let high = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let power = 10f64.powf(high.log10().floor());
        let step = [0.2, 0.5, 1.0, 2.0].into_iter().map(|digit| digit * power).find(|step| step * 6.0 >= high);
        let step = step.unwrap_or(power);
        let mut ticks = vec![0.0];
        while ticks.last().is_some_and(|last| *last < high) {
            ticks.push(ticks.len() as f64 * step);
        }
        Self { ticks, logarithmic: false, from, to }
    }

    fn at(&self, value: f64) -> f64 {
        let scale = |value: f64| if self.logarithmic { value.log10() } else { value };
        let (low, high) = (scale(self.ticks[0]), scale(self.ticks[self.ticks.len() - 1]));
        self.from + (scale(value) - low) / (high - low) * (self.to - self.from)
    }
}

/// Lines over numbers: `series` have a value for each of `along`. All of it logarithmic, or all linear.
pub(crate) fn lines(title: &str, names: [&str; 2], along: &[f64], series: &[Series], logarithmic: bool) -> String {
    let (left, right, bottom) = (60.0, WIDTH - 210.0, TOP + 320.0);
    let values: Vec<f64> = series.iter().flat_map(|series| series.values.iter().flatten().copied()).collect();
    let axis = if logarithmic { Axis::logarithmic } else { Axis::linear };
    let (x, y) = (axis(along, left, right), axis(&values, bottom, TOP));
    let mut body = String::new();
    for tick in &y.ticks {
        let at = y.at(*tick);
        let _ = writeln!(body, r#"<path class="grid" d="M{left} {at:.1}H{right}"/>"#);
        text(&mut body, "right", left - 6.0, at + 4.0, &tick.to_string());
    }
    // Where there are a few places, those are what a reader looks for.
    for tick in if along.len() < 9 { along } else { &x.ticks } {
        text(&mut body, "middle", x.at(*tick), bottom + 16.0, &tick.to_string());
    }
    let _ = writeln!(body, r#"<path class="axis" d="M{left} {bottom}H{right}"/>"#);
    text(&mut body, "middle", f64::midpoint(left, right), bottom + 34.0, names[0]);
    text(&mut body, "", 6.0, TOP - 8.0, names[1]);
    for (number, series) in series.iter().enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        let points =
            along.iter().zip(&series.values).filter_map(|(place, value)| Some((x.at(*place), y.at((*value)?))));
        let points: Vec<String> = points.map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(body, r#"<polyline class="line" stroke="{colour}" points="{}"/>"#, points.join(" "));
        legend(&mut body, right + 16.0, TOP + 10.0 + LINE * number as f64, colour, &series.name);
    }
    document(title, bottom + 44.0, &body)
}

/// A row for each of `rows`, in it a dot for each of `series`, on a logarithmic axis, each with its number beside it.
pub(crate) fn dots(title: &str, name: &str, rows: &[String], series: &[Series]) -> String {
    let (left, right) = (270.0, WIDTH - 70.0);
    let step = LINE * series.len() as f64 + 6.0;
    let head = if series.len() > 1 { TOP + LINE } else { TOP };
    let bottom = head + step * rows.len() as f64;
    let values: Vec<f64> = series.iter().flat_map(|series| series.values.iter().flatten().copied()).collect();
    let x = Axis::logarithmic(&values, left, right);
    let mut body = String::new();
    for tick in &x.ticks {
        let at = x.at(*tick);
        let _ = writeln!(body, r#"<path class="grid" d="M{at:.1} {head}V{bottom}"/>"#);
        text(&mut body, "middle", at, bottom + 16.0, &tick.to_string());
    }
    text(&mut body, "middle", f64::midpoint(left, right), bottom + 34.0, &format!("{name} (logarithmic)"));
    for (number, row) in rows.iter().enumerate() {
        text(&mut body, "right", left - 10.0, head + step * (number as f64 + 0.5) + 4.0, row);
    }
    for (number, series) in series.iter().enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        for (row, value) in series.values.iter().enumerate() {
            let Some(value) = value else { continue };
            let (x, y) = (x.at(*value), head + step * row as f64 + LINE * (number as f64 + 0.5) + 3.0);
            let _ = writeln!(body, r#"<circle cx="{x:.1}" cy="{y:.1}" r="5" fill="{colour}"/>"#);
            text(&mut body, "", x + 9.0, y + 4.0, &crate::table::number(*value));
        }
        if head > TOP {
            legend(&mut body, left + 150.0 * number as f64, TOP, colour, &series.name);
        }
    }
    document(title, bottom + 44.0, &body)
}

/// Puts a plot where the documents look for it.
pub(crate) fn write(name: &str, plot: &str) {
    let folder = repository().join("docs/plots");
    fs::create_dir_all(&folder).expect("the folder of the plots");
    fs::write(folder.join(name), plot).expect("a plot");
    eprintln!("docs/plots/{name} is written");
}

fn document(title: &str, height: f64, body: &str) -> String {
    let mut head = String::new();
    text(&mut head, "title", 6.0, 16.0, title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\">\n\
         <style>{STYLE}</style>\n{head}{body}</svg>\n"
    )
}

fn text(body: &mut String, class: &str, x: f64, y: f64, text: &str) {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(body, r#"<text class="{class}" x="{x:.1}" y="{y:.1}">{escaped}</text>"#);
}

fn legend(body: &mut String, x: f64, y: f64, colour: &str, name: &str) {
    let _ = writeln!(body, r#"<circle cx="{x:.1}" cy="{y:.1}" r="5" fill="{colour}"/>"#);
    text(body, "", x + 10.0, y + 4.0, name);
}
