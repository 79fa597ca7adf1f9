<?php
/**
 * Post meta that IGNY8 may read and write over REST: its own ids, and the texts that an active SEO plugin keeps as meta.
 *
 * @package igny8
 */

defined( 'ABSPATH' ) || exit;

/**
 * Whoever may edit a post may edit these of its fields. Keys that begin with an underscore are protected otherwise.
 *
 * @param bool   $allowed As it was decided before.
 * @param string $key     The field.
 * @param int    $post    The post.
 * @return bool
 */
function igny8_may_edit_meta( $allowed, $key, $post ) {
	return current_user_can( 'edit_post', $post );
}

add_action(
	'init',
	function () {
		$keys = array( '_igny8_content_id', '_igny8_task_id', '_igny8_cluster_id', '_igny8_sector_id' );
		if ( defined( 'WPSEO_VERSION' ) ) {
			array_push( $keys, '_yoast_wpseo_title', '_yoast_wpseo_metadesc' );
		}
		if ( defined( 'RANK_MATH_VERSION' ) ) {
			array_push( $keys, 'rank_math_title', 'rank_math_description' );
		}
		foreach ( $keys as $key ) {
			register_post_meta(
				'',
				$key,
				array(
					'type'              => 'string',
					'single'            => true,
					'show_in_rest'      => true,
					'sanitize_callback' => 'sanitize_text_field',
					'auth_callback'     => 'igny8_may_edit_meta',
				)
			);
		}
		register_post_meta(
			'',
			'_igny8_keyword_ids',
			array(
				'type'          => 'array',
				'single'        => true,
				'show_in_rest'  => array(
					'schema' => array(
						'type'     => 'array',
						'maxItems' => 500,
						'items'    => array(
							'type'      => 'string',
							'maxLength' => 100,
						),
					),
				),
				'auth_callback' => 'igny8_may_edit_meta',
			)
		);
	},
	20
);
