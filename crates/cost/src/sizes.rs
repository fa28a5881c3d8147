//! How large an export is beside the data files that it is made of: the one rule of estimates before an export and of this model.

/// Bytes of CSV for each hundred bytes of data files.
pub const CSV_PERCENT: u64 = 320;
/// Bytes of a zip or gzip for each hundred bytes of data files.
pub const COMPRESSED_PERCENT: u64 = 110;

/// What experience says of sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Bytes of CSV for each hundred bytes of data files.
    pub csv_percent: u64,
    /// Bytes of a zip or gzip for each hundred bytes of data files.
    pub compressed_percent: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { csv_percent: CSV_PERCENT, compressed_percent: COMPRESSED_PERCENT }
    }
}

impl Sizes {
    /// CSV that so many bytes of data files become (bytes).
    pub fn csv(&self, stored: u128) -> u128 {
        percent(stored, self.csv_percent)
    }

    /// Zip or gzip that so many bytes of data files become (bytes).
    pub fn compressed(&self, stored: u128) -> u128 {
        percent(stored, self.compressed_percent)
    }

    /// Data files that so many bytes of CSV come from (bytes).
    pub fn stored(&self, csv: u128) -> u128 {
        (csv * 100).div_ceil(u128::from(self.csv_percent.max(1)))
    }
}

/// So many percent, rounded up.
pub fn percent(whole: u128, percent: u64) -> u128 {
    (whole * u128::from(percent)).div_ceil(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_from_the_data_files() {
        let sizes = Sizes::default();
        assert_eq!([sizes.csv(1_000), sizes.compressed(1_000), sizes.stored(3_200)], [3_200, 1_100, 1_000]);
        assert_eq!([sizes.csv(1), sizes.compressed(1), sizes.stored(1)], [4, 2, 1]);
    }
}
