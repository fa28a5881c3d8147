//! Decimal digits, two at a time.

/// `00` to `99`.
pub(crate) const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

/// No number of 64 bits has more digits.
pub(crate) const DIGITS_LIMIT: usize = 20;

/// Writes a number so that it ends at `end` and answers where it begins; zero has one digit.
pub(crate) fn put_number(into: &mut [u8], end: usize, mut number: u64) -> usize {
    let mut first = end;
    while number >= 100 {
        first -= 2;
        into[first..first + 2].copy_from_slice(&PAIRS[(number % 100) as usize]);
        number /= 100;
    }
    if number >= 10 {
        first -= 2;
        into[first..first + 2].copy_from_slice(&PAIRS[number as usize]);
    } else {
        first -= 1;
        into[first] = b'0' + number as u8;
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length() {
        let powers = (0..20).map(|power| 10_u64.pow(power));
        for number in powers.flat_map(|power| [power - 1, power, power + 1, power / 10 * 17]).chain([u64::MAX]) {
            let mut into = [b'x'; DIGITS_LIMIT];
            let first = put_number(&mut into, DIGITS_LIMIT, number);
            assert_eq!(std::str::from_utf8(&into[first..]).unwrap(), number.to_string());
        }
    }
}
