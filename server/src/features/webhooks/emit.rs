//! Telling of an event, in the transaction of what happened.

use igny8_data::{Tx, Variables};

use super::dispatch;
use super::event::Event;
use super::model::{Message, MessageId};

/// Adds an event to the unit of work that brings it about. Where no endpoint wants it nothing is written, and finding that out is a
/// look at an index within the transaction.
pub fn emit(tx: &mut Tx<'_>, event: &Event) {
    emit_where(tx, "true", event, "{}");
}

/// [`emit`] of what the database alone knows: only if a condition holds there, with the fields of an object of SurrealQL over those of
/// the event's data.
pub fn emit_where(tx: &mut Tx<'_>, condition: &str, event: &Event, known: &'static str) {
    let db = tx.db();
    let kind = event.kind().name();
    let site = tx.bind(event.site());
    let wanted = format!(
        "({condition}) AND (SELECT VALUE id FROM webhook_endpoint WITH INDEX webhook_endpoint_by_account \
         WHERE account = $account AND enabled = true AND (events = [] OR events CONTAINS '{kind}') \
         AND (site IS NONE OR site = {site}) LIMIT 1) != []"
    );
    let message = Message {
        id: db.ids().make::<MessageId>(),
        account: tx.account(),
        site: event.site(),
        event: kind.to_owned(),
        data: event.data(),
        body: None,
        waiting: Some(true),
        rev: 1,
        created_at: db.clock().now(),
    };
    tx.when(&wanted, |tx| {
        let (id, row) = (tx.bind(message.id), tx.bind(message));
        tx.account_statement(
            &format!(
                "CREATE {id} CONTENT object::extend({row}, {{ account: $account, data: object::extend({row}.data, {known}) }}) \
                 RETURN NONE"
            ),
            Variables::new(),
        )
        .enqueue_for_account(dispatch::soon());
    });
}
