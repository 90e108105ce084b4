//! Amounts as people write them.

/// Cents of an amount such as `12.34` or `5`.
pub fn parse_cents(text: &str) -> Option<i64> {
    let (whole, part) = match text.trim().split_once('.') {
        Some((whole, part)) => (whole, part),
        None => (text.trim(), "0"),
    };
    if part.is_empty() || part.len() > 2 {
        return None;
    }
    let units: i64 = whole.parse().ok()?;
    let cents: i64 = part.parse().ok()?;
    let scale = if part.len() == 1 { 10 } else { 1 };
    Some(units * 100 + cents * scale)
}

#[cfg(test)]
mod tests {
    use super::parse_cents;

    #[test]
    fn reads_amounts() {
        assert_eq!(parse_cents("12.34"), Some(1234));
        assert_eq!(parse_cents("5"), Some(500));
        assert_eq!(parse_cents(" 0.5 "), Some(50));
    }

    #[test]
    fn refuses_the_rest() {
        assert_eq!(parse_cents("1.234"), None);
        assert_eq!(parse_cents("x.1"), None);
    }
}
