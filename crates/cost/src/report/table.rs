//! Tables of text, for a terminal and for Markdown.

/// Rows of cells below a head; columns of numbers stand to the right.
#[derive(Clone, Debug)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with its head.
    pub(super) fn new<const N: usize>(head: [&str; N]) -> Self {
        Self { rows: vec![head.map(str::to_owned).to_vec()] }
    }

    /// One more row.
    pub(super) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }

    /// In columns, each as wide as its widest cell.
    pub(super) fn text(&self) -> String {
        let columns = self.rows[0].len();
        let width = |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<_> = (0..columns).map(width).collect();
        let cell = |(column, (cell, width)): (usize, (&String, &usize))| match self.is_of_numbers(column) {
            true => format!("{cell:>width$}"),
            false => format!("{cell:<width$}"),
        };
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).enumerate().map(cell).collect::<Vec<_>>();
            format!("  {}\n", cells.join("  ").trim_end())
        };
        self.rows.iter().map(line).collect()
    }

    /// As Markdown.
    pub(super) fn markdown(&self) -> String {
        let line = |row: &Vec<String>| format!("| {} |\n", row.join(" | "));
        let marks = (0..self.rows[0].len()).map(|column| if self.is_of_numbers(column) { "---:" } else { "---" });
        let mut text = line(&self.rows[0]);
        text += &format!("| {} |\n", marks.collect::<Vec<_>>().join(" | "));
        text.extend(self.rows[1..].iter().map(line));
        text
    }

    fn is_of_numbers(&self, column: usize) -> bool {
        let is_number = |cell: &String| cell.bytes().all(|byte| byte.is_ascii_digit() || b"$,.%".contains(&byte));
        self.rows[1..].iter().all(|row| is_number(&row[column]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_in_both_forms() {
        let mut table = Table::new(["service", "dollars"]);
        table.row(["S3".to_owned(), "1.00".to_owned()]);
        assert_eq!(table.text(), "  service  dollars\n  S3          1.00\n");
        assert_eq!(table.markdown(), "| service | dollars |\n| --- | ---: |\n| S3 | 1.00 |\n");
    }
}
