use ledger::{Ledger, LedgerError};

fn ledger() -> Ledger {
    let mut ledger = Ledger::default();
    ledger.open("ann", 1000);
    ledger.open("bob", 50);
    ledger
}

#[test]
fn moves_money() {
    let mut ledger = ledger();
    ledger.transfer("ann", "bob", 300).unwrap();
    assert_eq!(ledger.balance("ann"), Ok(700));
    assert_eq!(ledger.balance("bob"), Ok(350));
    assert_eq!(ledger.total(), 1050);
}

#[test]
fn refuses_an_overdraft_and_says_what_is_missing() {
    let mut ledger = ledger();
    let error = ledger.transfer("bob", "ann", 80).unwrap_err();
    assert_eq!(error.to_string(), "bob lacks 30 cents");
    assert_eq!(ledger.balance("bob"), Ok(50));
}

#[test]
fn empties_an_account() {
    let mut ledger = ledger();
    ledger.transfer("bob", "ann", 50).unwrap();
    assert_eq!(ledger.balance("bob"), Ok(0));
}

#[test]
fn knows_its_accounts() {
    let unknown = LedgerError::UnknownAccount("eve".to_string());
    assert_eq!(ledger().balance("eve"), Err(unknown));
}
