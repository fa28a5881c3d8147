//! The bill as a picture: services and purposes as bars, and what moves the total around it.

use crate::analysis::Analysis;
use crate::bill::Purpose;
use crate::money::{Money, grouped};
use crate::sensitivity::{SHOWN, Swing};
use crate::services::{Part, Service};

const WIDTH: u128 = 1_040;
/// Where bars begin, and how long the longest is.
const BARS_AT: u128 = 300;
const BARS_WIDTH: u128 = 480;
const ROW: u128 = 26;
const BAR: u128 = 16;
const TITLE: u128 = 44;
const STYLE: &str = "text{font:13px sans-serif;fill:#1b1f24}.title{font-size:16px;font-weight:bold}.right{text-anchor:end}\
                     .bar{fill:#2f6f9f}.less{fill:#4d9078}.more{fill:#b3541e}.middle{stroke:#1b1f24}";

/// SVG without scripts, fonts or anything from elsewhere.
pub fn svg(analysis: &Analysis) -> String {
    let mut chart = Chart::default();
    chart.title(&format!("{}: {} a month", analysis.title, analysis.bill.total()));
    let services = Service::ALL.iter().filter(|service| service.part() == Part::Paid);
    chart.bars(services.map(|service| (service.name(), analysis.bill.of_service(*service))).collect());
    chart.title("What for");
    chart.bars(Purpose::ALL.map(|purpose| (purpose.name(), analysis.bill.of_purpose(purpose))).to_vec());
    chart.title("What moves the total most");
    chart.tornado(analysis.bill.total(), &analysis.swings[..SHOWN.min(analysis.swings.len())]);
    chart.finish(&analysis.title)
}

/// What was drawn so far, from above.
#[derive(Debug, Default)]
struct Chart {
    body: String,
    y: u128,
}

impl Chart {
    fn title(&mut self, text: &str) {
        self.y += TITLE;
        self.text(16, self.y - 14, "title", text);
    }

    /// One row for each, the greatest first.
    fn bars(&mut self, mut bars: Vec<(&str, Money)>) {
        bars.sort_by_key(|(_, amount)| std::cmp::Reverse(*amount));
        let longest = bars.first().map_or(Money::ZERO, |(_, amount)| *amount);
        for (name, amount) in bars {
            let width = scaled(amount, longest, BARS_WIDTH);
            self.row(name);
            self.rectangle("bar", BARS_AT, width);
            self.text(BARS_AT + width + 8, self.y - 9, "value", &amount.to_string());
        }
    }

    /// From the total at one end of a range to that at the other, on one scale.
    fn tornado(&mut self, total: Money, swings: &[Swing]) {
        let ends = || swings.iter().flat_map(|swing| [swing.totals.0, swing.totals.1]).chain([total]);
        let (least, most) = (ends().min().unwrap_or_default(), ends().max().unwrap_or_default());
        let at = |amount: Money| BARS_AT + scaled(amount - least, most - least, BARS_WIDTH);
        let top = self.y;
        for Swing { about, range, totals, .. } in swings {
            self.row(&format!("{} {} to {}", about.name, grouped(range.0.into()), grouped(range.1.into())));
            for (end, is_low) in [(totals.0, true), (totals.1, false)] {
                let (from, to) = (at(end).min(at(total)), at(end).max(at(total)));
                self.rectangle(if is_low { "less" } else { "more" }, from, to - from);
            }
            let (low, high) = (totals.0.min(totals.1), totals.0.max(totals.1));
            self.text(BARS_AT + BARS_WIDTH + 8, self.y - 9, "value", &format!("{} to {}", rounded(low), rounded(high)));
        }
        let middle = at(total);
        self.body +=
            &format!("<line class=\"middle\" x1=\"{middle}\" y1=\"{top}\" x2=\"{middle}\" y2=\"{}\"/>\n", self.y);
    }

    fn row(&mut self, name: &str) {
        self.y += ROW;
        self.text(BARS_AT - 8, self.y - 9, "right", name);
    }

    fn rectangle(&mut self, class: &str, x: u128, width: u128) {
        let y = self.y - ROW + (ROW - BAR) / 2;
        self.body += &format!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{BAR}\"/>\n");
    }

    fn text(&mut self, x: u128, y: u128, class: &str, text: &str) {
        self.body += &format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>\n", escaped(text));
    }

    fn finish(self, title: &str) -> String {
        let (height, body) = (self.y + 16, self.body);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\">\n\
             <title>{}</title>\n<style>{STYLE}</style>\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n{body}</svg>\n",
            escaped(title),
        )
    }
}

/// The part of `width` that an amount is of the longest; what costs anything is seen.
fn scaled(amount: Money, longest: Money, width: u128) -> u128 {
    let part = (amount.0 * width).checked_div(longest.0).unwrap_or(0);
    if amount > Money::ZERO { part.max(1) } else { part }
}

/// Without cents.
fn rounded(amount: Money) -> String {
    format!("${}", grouped((amount.0 + 50) / 100))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
