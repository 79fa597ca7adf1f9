//! The editorial status: which changes are allowed.

use super::model::Status;

/// Whether content may go from one status to the other. Publishing also needs readiness; anybody who may write may make
/// every allowed change, only the waiving of readiness is for admins.
pub fn allowed(from: Status, to: Status) -> bool {
    use Status::{Approved, Draft, Published, Review};
    matches!(
        (from, to),
        (Draft, Review | Published)
            | (Review, Draft | Approved | Published)
            | (Approved, Draft | Review | Published)
            | (Published, Draft)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transitions() {
        use Status::{Approved, Draft, Published, Review};
        let all = [Draft, Review, Approved, Published];
        let table: Vec<String> = all
            .iter()
            .map(|from| {
                all.iter()
                    .map(|to| if allowed(*from, *to) { 'x' } else { '.' })
                    .collect()
            })
            .collect();
        assert_eq!(table, [".x.x", "x.xx", "xx.x", "x..."]);
    }
}
