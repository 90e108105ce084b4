//! A small ledger: accounts with balances in cents.

mod money;

use std::collections::BTreeMap;
use std::fmt;

pub use money::parse_cents;

/// Why a booking was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerError {
    UnknownAccount(String),
    Overdrawn { account: String, missing: i64 },
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LedgerError::UnknownAccount(name) => write!(f, "no account {name}"),
            LedgerError::Overdrawn { account, missing } => {
                write!(f, "{account} lacks {missing} cents")
            }
        }
    }
}

impl std::error::Error for LedgerError {}

/// Accounts by name.
#[derive(Debug, Default)]
pub struct Ledger {
    accounts: BTreeMap<String, i64>,
}

impl Ledger {
    pub fn open(&mut self, name: &str, cents: i64) {
        self.accounts.insert(name.to_string(), cents);
    }

    pub fn balance(&self, name: &str) -> Result<i64, LedgerError> {
        self.accounts
            .get(name)
            .copied()
            .ok_or_else(|| LedgerError::UnknownAccount(name.to_string()))
    }

    /// Moves money; nothing changes if it is refused.
    pub fn transfer(&mut self, from: &str, to: &str, cents: i64) -> Result<(), LedgerError> {
        let source = self.balance(from)?;
        let target = self.balance(to)?;
        if source < cents {
            return Err(LedgerError::Overdrawn {
                account: from.to_string(),
                missing: cents - source,
            });
        }
        self.accounts.insert(from.to_string(), source - cents);
        self.accounts.insert(to.to_string(), target + cents);
        Ok(())
    }

    pub fn total(&self) -> i64 {
        self.accounts.values().sum()
    }
}
