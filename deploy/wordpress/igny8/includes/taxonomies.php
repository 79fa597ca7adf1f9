<?php
/**
 * Clusters and sectors as taxonomies: to filter posts by in the admin, and to read over REST. They have no archives, so they
 * add no pages to the site.
 *
 * @package igny8
 */

defined( 'ABSPATH' ) || exit;

add_action(
	'init',
	function () {
		$types = array_values( array_diff( get_post_types( array( 'public' => true ) ), array( 'attachment' ) ) );
		$kinds = array(
			'igny8_cluster' => array( __( 'Clusters', 'igny8' ), __( 'Cluster', 'igny8' ) ),
			'igny8_sector'  => array( __( 'Sectors', 'igny8' ), __( 'Sector', 'igny8' ) ),
		);
		foreach ( $kinds as $slug => $names ) {
			register_taxonomy(
				$slug,
				$types,
				array(
					'labels'            => array(
						'name'          => $names[0],
						'singular_name' => $names[1],
					),
					'public'            => false,
					'show_ui'           => true,
					'show_in_menu'      => false,
					'show_admin_column' => true,
					'show_in_rest'      => true,
					'hierarchical'      => 'igny8_cluster' === $slug,
					'rewrite'           => false,
				)
			);
		}
	},
	20
);
