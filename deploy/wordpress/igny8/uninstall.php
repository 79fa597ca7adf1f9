<?php
/**
 * Takes away what the settings page stored. Meta of posts stays: by it IGNY8 knows its posts again.
 *
 * @package igny8
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

delete_option( 'igny8_webhook_url' );
delete_option( 'igny8_webhook_secret' );
