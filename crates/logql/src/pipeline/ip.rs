//! `ip("…")`: one address, a network (`10.0.0.0/8`) or a range (`10.0.0.1-10.0.0.9`).

use std::net::IpAddr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpPattern {
    Range(IpAddr, IpAddr),
}

const V4_CHARACTERS: &[u8] = b"0123456789.";
const V6_CHARACTERS: &[u8] = b"0123456789abcdefABCDEF:.";

impl IpPattern {
    /// # Errors
    /// A text that says what is wrong with the pattern.
    pub fn new(text: &str) -> Result<Self, String> {
        let invalid = || {
            format!(
                "invalid ip pattern {text:?}: expected an address, a network (10.0.0.0/8) or a range (10.0.0.1-10.0.0.9)"
            )
        };
        let address = |text: &str| text.trim().parse::<IpAddr>().map_err(|_| invalid());
        if let Some((from, to)) = text.split_once('-') {
            let (from, to) = (address(from)?, address(to)?);
            return if from.is_ipv4() == to.is_ipv4() && from <= to {
                Ok(Self::Range(from, to))
            } else {
                Err(invalid())
            };
        }
        let Some((network, bits)) = text.split_once('/') else {
            return address(text).map(|address| Self::Range(address, address));
        };
        let bits: u32 = bits.parse().map_err(|_| invalid())?;
        match address(network)? {
            IpAddr::V4(network) if bits <= 32 => {
                let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
                let first = network.to_bits() & mask;
                Ok(Self::Range(IpAddr::V4(first.into()), IpAddr::V4((first | !mask).into())))
            }
            IpAddr::V6(network) if bits <= 128 => {
                let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
                let first = network.to_bits() & mask;
                Ok(Self::Range(IpAddr::V6(first.into()), IpAddr::V6((first | !mask).into())))
            }
            _ => Err(invalid()),
        }
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let Self::Range(from, to) = self;
        from.is_ipv4() == address.is_ipv4() && (*from..=*to).contains(&address)
    }

    /// Whether any address in the text is meant. Addresses are looked for where a few bytes look like the start of one.
    pub fn found_in(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let characters = if looks_v4(&bytes[at..]) {
                V4_CHARACTERS
            } else if looks_v6(&bytes[at..]) {
                V6_CHARACTERS
            } else {
                at += 1;
                continue;
            };
            let length = bytes[at..].iter().take_while(|b| characters.contains(b)).count();
            if text[at..at + length].parse().is_ok_and(|address| self.contains(address)) {
                return true;
            }
            at += length.max(1);
        }
        false
    }
}

/// A digit, and a dot among the next three.
fn looks_v4(bytes: &[u8]) -> bool {
    bytes.len() > 3 && bytes[0].is_ascii_digit() && bytes[1..4].contains(&b'.')
}

/// `::h`, or a hexadecimal digit and a colon among the next four.
fn looks_v6(bytes: &[u8]) -> bool {
    if bytes.len() < 3 {
        return false;
    }
    if bytes[0] == b':' && bytes[1] == b':' && bytes[2].is_ascii_hexdigit() {
        return true;
    }
    let head = &bytes[..bytes.len().min(5)];
    let digits = head.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    (1..=4).contains(&digits) && head.get(digits) == Some(&b':')
}
