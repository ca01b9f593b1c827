//! Decimal numbers as far as templates need them: exact sums and products of the shortest texts of floats.

/// `digits * 10^-scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    digits: i128,
    scale: u32,
}

impl Decimal {
    /// `None` for what is not finite or has too many digits.
    pub fn new(value: f64) -> Option<Self> {
        if !value.is_finite() || (value != 0.0 && !(1e-15..1e18).contains(&value.abs())) {
            return None;
        }
        let text = format!("{value}");
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let digits = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { digits, scale: fraction.len() as u32 })
    }

    fn scaled(self, scale: u32) -> Option<i128> {
        self.digits.checked_mul(10i128.checked_pow(scale - self.scale)?)
    }

    pub fn add(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        Some(Self { digits: self.scaled(scale)?.checked_add(other.scaled(scale)?)?, scale })
    }

    pub fn sub(self, other: Self) -> Option<Self> {
        self.add(Self { digits: -other.digits, ..other })
    }

    pub fn mul(self, other: Self) -> Option<Self> {
        Some(Self { digits: self.digits.checked_mul(other.digits)?, scale: self.scale + other.scale })
    }

    pub fn to_f64(self) -> f64 {
        let sign = if self.digits < 0 { "-" } else { "" };
        let digits = self.digits.unsigned_abs();
        format!("{sign}{digits}e-{}", self.scale).parse().unwrap_or(f64::NAN)
    }
}
