//! What is to happen to a piece of content at a destination.

use chrono::{DateTime, Utc};
use igny8_data::SurrealValue;

use super::document::kind_of;
use super::model::{Choice, Publication, PublicationStatus};
use crate::features::content::model::ContentType;
use crate::features::content::{ContentId, Status};
use crate::publish::wordpress::{Sends, WordpressSettings, kind_name};

/// What is looked at of a row of content.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Candidate {
    pub id: ContentId,
    pub rev: i64,
    pub status: Status,
    pub content_type: ContentType,
    pub publish_at: Option<DateTime<Utc>>,
    /// It is not deleted.
    pub live: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Nothing,
    /// Bring it there, or look whether what is there is the same.
    Send,
    /// Take it from visitors there.
    Remove,
    /// Nothing of it is there, and nothing is to be.
    Forget,
}

/// Why the content is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It changed.
    Changed,
    /// Everything is looked at, or something that it rests on changed.
    All,
}

/// Whether content in this state goes to a destination by itself.
pub fn fits(settings: &WordpressSettings, status: Status, publish_at: Option<DateTime<Utc>>) -> bool {
    match status {
        Status::Published => true,
        Status::Approved if publish_at.is_some() => true,
        Status::Approved | Status::Review | Status::Draft => settings.sends == Sends::Everything,
    }
}

/// What to do about a piece of content.
///
/// What is there stays there: content that visitors are not to see any more becomes a draft or waits for review there as it does
/// here. Only what is deleted or withheld is taken away; and what is neither there nor wanted there is not sent.
pub fn decide(
    content: &Candidate,
    publication: Option<&Publication>,
    settings: &WordpressSettings,
    why: Why,
    now: DateTime<Utc>,
) -> Action {
    let placed = publication.filter(|p| p.external_id.is_some());
    let there = placed.filter(|p| p.status != PublicationStatus::Removed);
    let choice = publication.map_or(Choice::Automatic, |p| p.choice);
    let taken = there.is_some() || settings.post_type(kind_name(kind_of(content.content_type))).is_some();
    let fits = fits(settings, content.status, content.publish_at) || there.is_some_and(Publication::is_there);
    let by_itself = !settings.chosen_only || there.is_some() || choice == Choice::Publish;
    let wanted = content.live && taken && fits && by_itself && choice != Choice::Withhold;
    if !wanted {
        return match publication {
            // Edited there as well: somebody has to see that first.
            Some(p) if p.status == PublicationStatus::Conflict => Action::Nothing,
            Some(p) if there.is_some() && is_refused(p, content, now) => Action::Nothing,
            Some(_) if there.is_some() => Action::Remove,
            Some(p) if p.status != PublicationStatus::Removed => Action::Forget,
            _ => Action::Nothing,
        };
    }
    let Some(publication) = publication else {
        return Action::Send;
    };
    match publication.status {
        PublicationStatus::Pending | PublicationStatus::Removed => Action::Send,
        PublicationStatus::Conflict => Action::Nothing,
        PublicationStatus::Failed if is_refused(publication, content, now) => Action::Nothing,
        PublicationStatus::Failed => {
            let was_edited = publication.failed_rev.is_some_and(|refused| refused != content.rev);
            let due = was_edited || publication.retry_at.is_none_or(|at| at <= now);
            if due { Action::Send } else { Action::Nothing }
        }
        PublicationStatus::Published if publication.sent_rev == Some(content.rev) && why == Why::Changed => {
            Action::Nothing
        }
        PublicationStatus::Published => Action::Send,
    }
}

/// Whether it failed as it is now: it goes again when its time comes, when it was edited, or when somebody takes it up.
fn is_refused(publication: &Publication, content: &Candidate, now: DateTime<Utc>) -> bool {
    publication.status == PublicationStatus::Failed
        && publication.failed_rev == Some(content.rev)
        && publication.retry_at.is_none_or(|at| at > now)
}

#[cfg(test)]
mod tests {
    use igny8_data::{AccountId, Clock, Ids, SiteId};

    use super::*;
    use crate::features::destinations::DestinationId;

    fn publication() -> Publication {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 7);
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        Publication {
            id: ids.make(),
            account: ids.make::<AccountId>(),
            site: ids.make::<SiteId>(),
            destination: ids.make::<DestinationId>(),
            content: ids.make::<ContentId>(),
            status: PublicationStatus::Published,
            choice: Choice::Automatic,
            external_id: Some("1".into()),
            external_type: Some("posts".into()),
            external_url: None,
            external_status: Some("publish".into()),
            sent_hash: Some("x".into()),
            sent_rev: Some(3),
            their_hash: Some("y".into()),
            their_modified: None,
            writing: None,
            writing_at: None,
            notes: Vec::new(),
            waits_for: Vec::new(),
            waits_paths: Vec::new(),
            error: None,
            attempts: 0,
            retry_at: None,
            failed_rev: None,
            conflict: None,
            published_at: None,
            placed_at: None,
            rev: 1,
            created_at: now,
            updated_at: now,
        }
    }

    fn content(status: Status) -> Candidate {
        Candidate {
            id: publication().content,
            rev: 3,
            status,
            content_type: ContentType::Post,
            publish_at: None,
            live: true,
        }
    }

    #[test]
    fn what_goes_and_what_goes_away() {
        let now = "2026-02-01T00:00:00Z".parse().unwrap();
        let usual = WordpressSettings::default();
        let all = WordpressSettings {
            sends: Sends::Everything,
            ..WordpressSettings::default()
        };
        let chosen = WordpressSettings {
            chosen_only: true,
            ..WordpressSettings::default()
        };
        let asked = |settings: &WordpressSettings, content: &Candidate, publication: Option<&Publication>| {
            decide(content, publication, settings, Why::Changed, now)
        };
        let published = content(Status::Published);
        let draft = content(Status::Draft);
        assert_eq!(asked(&usual, &published, None), Action::Send);
        assert_eq!(asked(&usual, &draft, None), Action::Nothing);
        assert_eq!(asked(&all, &draft, None), Action::Send);
        assert_eq!(asked(&chosen, &published, None), Action::Nothing);
        let scheduled = Candidate {
            publish_at: Some(now),
            ..content(Status::Approved)
        };
        assert_eq!(asked(&usual, &scheduled, None), Action::Send);
        let about_a_term = Candidate {
            content_type: ContentType::Taxonomy,
            ..published.clone()
        };
        assert_eq!(asked(&usual, &about_a_term, None), Action::Nothing);

        let there = publication();
        assert_eq!(asked(&usual, &published, Some(&there)), Action::Nothing);
        assert_eq!(decide(&published, Some(&there), &usual, Why::All, now), Action::Send);
        let edited = Candidate {
            rev: 4,
            ..published.clone()
        };
        assert_eq!(asked(&usual, &edited, Some(&there)), Action::Send);
        let deleted = Candidate {
            live: false,
            ..published.clone()
        };
        assert_eq!(asked(&usual, &deleted, Some(&there)), Action::Remove);
        assert_eq!(asked(&usual, &deleted, None), Action::Nothing);

        let mut one = publication();
        one.choice = Choice::Withhold;
        assert_eq!(asked(&usual, &published, Some(&one)), Action::Remove);
        one.status = PublicationStatus::Removed;
        assert_eq!(asked(&usual, &published, Some(&one)), Action::Nothing);
        one.choice = Choice::Automatic;
        assert_eq!(asked(&usual, &published, Some(&one)), Action::Send);
        one.status = PublicationStatus::Conflict;
        assert_eq!(asked(&usual, &edited, Some(&one)), Action::Nothing);
        one.status = PublicationStatus::Failed;
        one.retry_at = Some(now + chrono::Duration::minutes(1));
        assert_eq!(asked(&usual, &edited, Some(&one)), Action::Nothing);
        one.retry_at = Some(now);
        assert_eq!(asked(&usual, &edited, Some(&one)), Action::Send);
        let mut new = publication();
        (new.external_id, new.status, new.choice) = (None, PublicationStatus::Pending, Choice::Publish);
        assert_eq!(asked(&chosen, &published, Some(&new)), Action::Send);
        assert_eq!(asked(&chosen, &draft, Some(&new)), Action::Forget);
    }

    #[test]
    fn what_was_refused_goes_again_when_something_can_have_mended_it() {
        let now: DateTime<Utc> = "2026-02-01T00:00:00Z".parse().unwrap();
        let later = now + chrono::Duration::hours(1);
        let settings = WordpressSettings::default();
        let at_rev = |rev: i64, live: bool| Candidate {
            rev,
            live,
            ..content(Status::Published)
        };
        for (what, failed_rev, retry_at, candidate, action) in [
            ("as it was", Some(3), None, at_rev(3, true), Action::Nothing),
            ("edited", Some(3), None, at_rev(4, true), Action::Send),
            ("not due", Some(3), Some(later), at_rev(3, true), Action::Nothing),
            ("not due, edited", Some(3), Some(later), at_rev(4, true), Action::Send),
            ("due", Some(3), Some(now), at_rev(3, true), Action::Send),
            (
                "nothing known of what failed",
                None,
                Some(later),
                at_rev(4, true),
                Action::Nothing,
            ),
            ("taken away", Some(3), None, at_rev(3, false), Action::Nothing),
            ("taken away, edited", Some(3), None, at_rev(4, false), Action::Remove),
            ("taken away, due", Some(3), Some(now), at_rev(3, false), Action::Remove),
        ] {
            let failed = Publication {
                status: PublicationStatus::Failed,
                failed_rev,
                retry_at,
                ..publication()
            };
            for why in [Why::Changed, Why::All] {
                assert_eq!(decide(&candidate, Some(&failed), &settings, why, now), action, "{what}");
            }
        }
        let taken_up = Publication {
            status: PublicationStatus::Pending,
            failed_rev: Some(3),
            ..publication()
        };
        let candidate = at_rev(3, true);
        assert_eq!(
            decide(&candidate, Some(&taken_up), &settings, Why::Changed, now),
            Action::Send
        );
    }

    #[test]
    fn what_is_to_be_taken_away_is_so_though_both_sides_agree() {
        let now: DateTime<Utc> = "2026-02-01T00:00:00Z".parse().unwrap();
        let usual = WordpressSettings::default();
        let candidate = content(Status::Published);
        for (choice, status, action) in [
            (Choice::Automatic, PublicationStatus::Published, Action::Nothing),
            (Choice::Publish, PublicationStatus::Published, Action::Nothing),
            (Choice::Withhold, PublicationStatus::Pending, Action::Remove),
        ] {
            let mut one = Publication {
                choice,
                status: PublicationStatus::Pending,
                ..publication()
            };
            one.agreed(candidate.rev, None, now);
            assert_eq!(one.status, status);
            assert_eq!(decide(&candidate, Some(&one), &usual, Why::Changed, now), action);
        }
    }

    #[test]
    fn what_is_there_follows_what_is_here() {
        let now = "2026-02-01T00:00:00Z".parse().unwrap();
        let usual = WordpressSettings::default();
        let at_rev = |status: Status, rev: i64| Candidate { rev, ..content(status) };
        let there = |status: PublicationStatus, external: &str, choice: Choice| Publication {
            status,
            choice,
            external_status: Some(external.into()),
            ..publication()
        };
        let (automatic, withhold) = (Choice::Automatic, Choice::Withhold);
        let published = there(PublicationStatus::Published, "publish", automatic);
        let conflict = there(PublicationStatus::Conflict, "publish", automatic);
        let withheld = there(PublicationStatus::Conflict, "publish", withhold);
        let unwanted = there(PublicationStatus::Pending, "publish", withhold);
        let removed = there(PublicationStatus::Removed, "trash", automatic);
        let binned = there(PublicationStatus::Pending, "trash", automatic);
        let reserved = Publication {
            sent_rev: None,
            sent_hash: None,
            their_hash: None,
            ..there(PublicationStatus::Failed, "draft", automatic)
        };
        let deleted = Candidate {
            live: false,
            ..at_rev(Status::Published, 4)
        };
        let (draft, review) = (at_rev(Status::Draft, 4), at_rev(Status::Review, 4));
        let (approved, shown) = (at_rev(Status::Approved, 4), at_rev(Status::Published, 4));
        let unchanged = at_rev(Status::Draft, 3);
        for (what, content, publication, action) in [
            ("back to draft", &draft, &published, Action::Send),
            ("back to review", &review, &published, Action::Send),
            ("approved, no time", &approved, &published, Action::Send),
            ("a draft as it was sent", &unchanged, &published, Action::Nothing),
            ("in conflict", &draft, &conflict, Action::Nothing),
            ("deleted", &deleted, &published, Action::Remove),
            ("deleted, in conflict", &deleted, &conflict, Action::Nothing),
            ("withheld, in conflict", &shown, &withheld, Action::Nothing),
            ("withheld", &draft, &unwanted, Action::Remove),
            ("a draft, taken away", &draft, &removed, Action::Nothing),
            ("taken away, chosen anew", &draft, &binned, Action::Remove),
            ("only reserved", &draft, &reserved, Action::Remove),
            ("only reserved, wanted", &shown, &reserved, Action::Send),
        ] {
            let found = decide(content, Some(publication), &usual, Why::Changed, now);
            assert_eq!(found, action, "{what}");
        }
    }
}
