<?php
/**
 * Tells IGNY8 which posts changed, in one signed message at the end of the request that changed them.
 *
 * The message holds ids and no texts: IGNY8 reads the posts itself, with its own password. It is sent without waiting for an
 * answer, so an editor never waits for IGNY8; what is lost on the way is found by IGNY8's regular look at the site.
 *
 * Signed as https://www.standardwebhooks.com describes: HMAC-SHA256 over id, time and body.
 *
 * @package igny8
 */

defined( 'ABSPATH' ) || exit;

/**
 * As many posts as one message names. Of more, IGNY8 finds the rest by itself.
 */
const IGNY8_MOST_POSTS = 100;

/**
 * Notes a change, or answers those noted in this request.
 *
 * @param WP_Post|null $post   The post.
 * @param string       $change `saved`, `trashed` or `deleted`.
 * @return array
 */
function igny8_changes( $post = null, $change = '' ) {
	static $changes = array();
	if ( $post && count( $changes ) < IGNY8_MOST_POSTS ) {
		$changes[ $post->ID ] = array(
			'id'     => $post->ID,
			'type'   => $post->post_type,
			'change' => $change,
		);
	}
	return array_values( $changes );
}

/**
 * Whether changes of a post are told: posts that visitors or the REST API see, and no drafts that WordPress makes by itself.
 *
 * @param WP_Post|null $post The post.
 * @return bool
 */
function igny8_is_told( $post ) {
	if ( ! $post || 'auto-draft' === $post->post_status || wp_is_post_revision( $post ) || wp_is_post_autosave( $post ) ) {
		return false;
	}
	// What IGNY8 writes itself is no news to it.
	$agent = isset( $_SERVER['HTTP_USER_AGENT'] ) ? sanitize_text_field( wp_unslash( $_SERVER['HTTP_USER_AGENT'] ) ) : '';
	if ( defined( 'REST_REQUEST' ) && REST_REQUEST && 0 === strpos( $agent, 'IGNY8/' ) ) {
		return false;
	}
	$type = get_post_type_object( $post->post_type );
	return $type && $type->show_in_rest && $type->public && 'attachment' !== $post->post_type;
}

// After terms and meta are stored as well. The trash is a status, so it comes by here.
add_action(
	'wp_after_insert_post',
	function ( $id, $post ) {
		if ( igny8_is_told( $post ) ) {
			igny8_changes( $post, 'trash' === $post->post_status ? 'trashed' : 'saved' );
		}
	},
	10,
	2
);

add_action(
	'deleted_post',
	function ( $id, $post ) {
		if ( igny8_is_told( $post ) ) {
			igny8_changes( $post, 'deleted' );
		}
	},
	10,
	2
);

add_action(
	'shutdown',
	function () {
		$changes = igny8_changes();
		if ( $changes ) {
			igny8_send( array( 'event' => 'posts.changed', 'posts' => $changes ), false );
		}
	},
	100
);

/**
 * Signs and sends a message.
 *
 * @param array $message  What is said.
 * @param bool  $blocking Whether to wait for the answer.
 * @return array|WP_Error|null The answer; null when no address or secret is set.
 */
function igny8_send( $message, $blocking ) {
	$url    = get_option( 'igny8_webhook_url', '' );
	$secret = igny8_key( get_option( 'igny8_webhook_secret', '' ) );
	if ( '' === $url || '' === $secret ) {
		return null;
	}
	$id   = 'msg_' . str_replace( '-', '', wp_generate_uuid4() );
	$time = time();
	$body = wp_json_encode( $message );
	return wp_remote_post(
		$url,
		array(
			'blocking'    => $blocking,
			'timeout'     => $blocking ? 10 : 2,
			'redirection' => 0,
			'headers'     => array(
				'Content-Type'      => 'application/json',
				'webhook-id'        => $id,
				'webhook-timestamp' => (string) $time,
				'webhook-signature' => 'v1,' . base64_encode( hash_hmac( 'sha256', "$id.$time.$body", $secret, true ) ),
			),
			'body'        => $body,
		)
	);
}

/**
 * The bytes of a secret as IGNY8 shows it, `whsec_…`; empty when it is none.
 *
 * @param string $secret The secret.
 * @return string
 */
function igny8_key( $secret ) {
	if ( 0 !== strpos( $secret, 'whsec_' ) ) {
		return '';
	}
	$key = base64_decode( substr( $secret, 6 ), true );
	return false === $key || strlen( $key ) < 24 ? '' : $key;
}
