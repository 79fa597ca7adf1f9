<?php
/**
 * Plugin Name:       IGNY8
 * Description:       Tells IGNY8 of changes at once, and keeps what IGNY8 knows of a post (content, cluster, sector, keywords, SEO texts) where its REST API can reach it. Publishing and importing work without it.
 * Version:           1.0.0
 * Requires at least: 5.7
 * Requires PHP:      7.2
 * Author:            IGNY8
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:       igny8
 */

defined( 'ABSPATH' ) || exit;

define( 'IGNY8_VERSION', '1.0.0' );

require __DIR__ . '/includes/meta.php';
require __DIR__ . '/includes/taxonomies.php';
require __DIR__ . '/includes/webhooks.php';

if ( is_admin() ) {
	require __DIR__ . '/includes/settings.php';
}

// By this route IGNY8 sees that the plugin is there.
add_action(
	'rest_api_init',
	function () {
		register_rest_route(
			'igny8/v1',
			'/status',
			array(
				'methods'             => 'GET',
				'callback'            => function () {
					return array(
						'version'  => IGNY8_VERSION,
						'webhooks' => '' !== get_option( 'igny8_webhook_url', '' ) && '' !== get_option( 'igny8_webhook_secret', '' ),
					);
				},
				'permission_callback' => function () {
					return current_user_can( 'edit_posts' );
				},
			)
		);
	}
);
