//! What is taken, and how what is not is named.

use super::*;

const HEADER: &str = "email,id,name,user_id,recurring_price,currency,valid_from,valid_until,state,payment_method,\
billing_interval,billing_periods";
const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn row(change: &[(usize, &str)]) -> String {
    let mut cells = vec![
        "u1@example.org",
        ID,
        "Chess",
        "",
        "12.50",
        "EUR",
        "2024-01-31",
        "2024-12-31",
        "active",
        "sepa",
        "monthly",
        "3",
    ];
    for (place, text) in change {
        cells[*place] = text;
    }
    cells.join(",")
}

fn all(text: impl AsRef<[u8]>) -> (Vec<Row>, Vec<String>) {
    let mut refused = Vec::new();
    let rows = read(text.as_ref(), |error| refused.push(error.to_string())).unwrap();
    (rows, refused)
}

/// One row with one change, and what is said of it.
fn check(place: usize, text: &str, said: &str) {
    let (rows, refused) = all(format!("{HEADER}\r\n{}\r\n", row(&[(place, text)])));
    if said.is_empty() {
        assert_eq!((rows.len(), refused), (1, vec![]), "{text:?}");
    } else {
        assert_eq!((rows.len(), refused), (0, vec![format!("line 2, {said}")]), "{text:?}");
    }
}

#[test]
fn every_field_has_its_form() {
    check(0, "U1@EXAMPLE.org", "");
    check(0, "u1", "email: is not an e-mail address of the form name@example.org");
    check(1, "7", "id: is not an id of the form 01890a5d-ac96-774b-bcce-b302099a8057");
    check(2, "", "name: has to have 1 to 256 bytes");
    check(2, &"é".repeat(128), "");
    check(2, &"é".repeat(129), "name: has to have 1 to 256 bytes");
    check(3, ID, "");
    check(3, "7", "user_id: is not an id of the form 01890a5d-ac96-774b-bcce-b302099a8057");
    check(4, "12.5", "recurring_price: is not a price: use at most 13 digits, a dot and two more");
    check(4, "-1", "recurring_price: is not a price: use at most 13 digits, a dot and two more");
    check(5, "eur", "currency: is not a currency: use three capital letters");
    check(6, "2023-02-29", &format!("valid_from: {}", "2023-02-29".parse::<Day>().unwrap_err()));
    check(7, "", "");
    check(7, "2024-01-31", "");
    check(7, "2024-01-30", "valid_until: comes before valid_from");
    check(8, "Active", "state: is not a state: use pending, active, expired or cancelled");
    check(9, "bitcoin", "payment_method: is not a payment method: use cash, card, sepa or invoice");
    check(10, "daily", "billing_interval: is not a billing interval: use weekly, monthly or yearly");
    check(11, "4294967295", "");
    for bad in ["", "-1", "+1", "1.0", "4294967296"] {
        check(11, bad, "billing_periods: is not a whole number from 0 to 4294967295");
    }
}

#[test]
fn a_good_row_is_read_whole() {
    let (rows, refused) = all(format!("\u{feff}{HEADER}\n{}", row(&[(2, "\"a, \"\"b\"\"\r\nc\"")])));
    assert_eq!(refused, Vec::<String>::new());
    let row = rows.into_iter().next().unwrap();
    assert_eq!((row.line, row.email.as_str(), row.user_id), (2, "u1@example.org", None));
    let user: UserId = ID.parse().unwrap();
    let expected = Membership {
        id: ID.parse().unwrap(),
        name: "a, \"b\"\r\nc".to_owned(),
        user,
        recurring_price_hundredths: 1_250,
        currency: "EUR".parse().unwrap(),
        valid_from: "2024-01-31".parse().unwrap(),
        valid_until: Some("2024-12-31".parse().unwrap()),
        state: MembershipState::Active,
        payment_method: PaymentMethod::Sepa,
        billing_interval: BillingInterval::Monthly,
        billing_periods: 3,
    };
    assert_eq!(row.membership(user), expected);
}

#[test]
fn all_errors_are_named_by_their_lines() {
    let other = "01890a5d-ac96-774b-bcce-b302099a8058";
    let lines = [
        HEADER.to_owned(),
        row(&[(2, "\"two\nlines\"")]),
        row(&[(5, "x"), (11, "x")]),
        "1,2,3".to_owned(),
        row(&[]),
        row(&[(1, other)]),
    ];
    let (rows, refused) = all(lines.join("\n"));
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 7]);
    assert_eq!(
        refused,
        [
            "line 4, currency: is not a currency: use three capital letters",
            "line 4, billing_periods: is not a whole number from 0 to 4294967295",
            "line 5: has 3 fields, the header has 12",
            "line 6, id: stands in line 2, too",
        ]
    );
    // Whatever ends the lines, and however many of them are empty.
    for (between, expected) in [("\r\n", 2), ("\n", 2), ("\n\n", 3), ("\r\n\r\n\n", 4)] {
        let said = all(["", HEADER, &row(&[(5, "x")])].join(between).trim_start()).1;
        assert_eq!(said, [format!("line {expected}, currency: is not a currency: use three capital letters")]);
    }
    let mut bytes = format!("{HEADER}\n{}", row(&[])).into_bytes();
    let place = bytes.iter().rposition(|byte| *byte == b'C').unwrap();
    bytes[place] = 0xff;
    assert_eq!(all(bytes).1, ["line 2, name: is not UTF-8"]);
}

#[test]
fn the_header_names_every_column_once() {
    for (header, said) in [
        (String::new(), "has no header"),
        (HEADER.replace(",name", ""), "has no column name"),
        (HEADER.replace(",name", ",name,name"), "has the column name twice"),
        (HEADER.replace(",name", ",Name"), "has an unknown column in place 3"),
        (row(&[]), "has an unknown column in place 1"),
    ] {
        let (rows, refused) = all(format!("{header}\n{}", row(&[])));
        let empty = header.is_empty() && refused == ["line 1: has an unknown column in place 1"];
        assert!(rows.is_empty() && (empty || refused == [format!("line 1: {said}")]), "{refused:?}");
    }
    assert_eq!(all("").1, ["line 1: has no header"]);
}
