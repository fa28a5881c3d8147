//! The share of the fleet at work over time, as a picture (SVG 1.1) that can be read on light and on dark pages.

use std::fmt::Write;

use crate::Report;

const WIDTH: f64 = 860.0;
const PANEL: f64 = 150.0;
const GAP: f64 = 62.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 54.0;
/// Points of a curve: more would not be seen.
const POINTS: usize = 260;
/// Colours with enough contrast on white and on near black.
const CURVES: [&str; 3] = ["#3b82c4", "#2a9d78", "#c77d2b"];
const INK: &str = "#7d8590";

/// Draws one panel for each run, over the same time.
pub fn draw(reports: &[Report]) -> String {
    let curves: Vec<_> = reports.iter().map(Report::curve).collect();
    let seconds = curves.iter().map(Vec::len).max().unwrap_or(1).max(1);
    let height = TOP + reports.len() as f64 * (PANEL + GAP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"{INK}\">\n\
         <title>Share of the workers in a step, over time</title>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"16\" font-weight=\"600\">Share of the workers in a step, over time</text>\n"
    );
    for (at, (report, curve)) in reports.iter().zip(&curves).enumerate() {
        let top = TOP + at as f64 * (PANEL + GAP) + 18.0;
        panel(&mut svg, top, seconds);
        line(&mut svg, top, curve, seconds, CURVES[at % CURVES.len()]);
        let name = report.scenario.words();
        let share = report.utilisation() * 100.0;
        put(&mut svg, format_args!("<text x=\"{LEFT}\" y=\"{:.1}\" font-weight=\"600\">{name}</text>", top - 9.0));
        let words = format!("{share:.1}% while there is work for all");
        put(
            &mut svg,
            format_args!("<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{words}</text>", WIDTH - RIGHT, top - 9.0),
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn put(svg: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(svg, "{line}").expect("text takes text");
}

/// Axes, grid and labels.
fn panel(svg: &mut String, top: f64, seconds: usize) {
    for share in [0, 25, 50, 75, 90, 100] {
        let y = top + PANEL * (1.0 - f64::from(share) / 100.0);
        let dashes =
            if share == 90 { " stroke-dasharray=\"5 4\" stroke-opacity=\"0.9\"" } else { " stroke-opacity=\"0.28\"" };
        put(
            svg,
            format_args!(
                "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"{INK}\"{dashes}/>",
                WIDTH - RIGHT
            ),
        );
        if share != 100 {
            put(
                svg,
                format_args!("<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{share}%</text>", LEFT - 8.0, y + 4.0),
            );
        }
    }
    let step = minutes_between_marks(seconds);
    for minute in (0..=seconds / 60).step_by(step) {
        let x = LEFT + (WIDTH - LEFT - RIGHT) * (minute * 60) as f64 / seconds as f64;
        let bottom = top + PANEL;
        put(
            svg,
            format_args!(
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{bottom:.1}\" y2=\"{:.1}\" stroke=\"{INK}\"/>",
                bottom + 5.0
            ),
        );
        put(
            svg,
            format_args!("<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{minute} min</text>", bottom + 19.0),
        );
    }
}

fn minutes_between_marks(seconds: usize) -> usize {
    [1, 2, 5, 10, 20, 30].into_iter().find(|step| seconds / 60 / step <= 10).unwrap_or(60)
}

fn line(svg: &mut String, top: f64, curve: &[f64], seconds: usize, colour: &str) {
    let width = seconds.div_ceil(POINTS);
    let points = curve.chunks(width).enumerate().map(|(at, chunk)| {
        let share = chunk.iter().sum::<f64>() / chunk.len() as f64;
        let middle = (at * width) as f64 + chunk.len() as f64 / 2.0;
        let x = LEFT + (WIDTH - LEFT - RIGHT) * middle / seconds as f64;
        format!("{x:.1},{:.1}", top + PANEL * (1.0 - share.min(1.0)))
    });
    let points: Vec<_> = points.collect();
    let (first, last) = (x_of(points.first()), x_of(points.last()));
    let bottom = top + PANEL;
    let joined = points.join(" ");
    put(
        svg,
        format_args!(
            "<polygon points=\"{first},{bottom:.1} {joined} {last},{bottom:.1}\" fill=\"{colour}\" fill-opacity=\"0.18\"/>"
        ),
    );
    put(
        svg,
        format_args!(
            "<polyline points=\"{joined}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\" stroke-linejoin=\"round\"/>"
        ),
    );
}

fn x_of(point: Option<&String>) -> &str {
    point.and_then(|point| point.split(',').next()).unwrap_or("0")
}
