<?php
/**
 * The page Settings → IGNY8: where changes are told, and by which secret.
 *
 * @package igny8
 */

defined( 'ABSPATH' ) || exit;

add_action(
	'admin_menu',
	function () {
		add_options_page( 'IGNY8', 'IGNY8', 'manage_options', 'igny8', 'igny8_page' );
	}
);

add_action(
	'admin_init',
	function () {
		register_setting(
			'igny8',
			'igny8_webhook_url',
			array(
				'type'              => 'string',
				'default'           => '',
				'show_in_rest'      => false,
				'sanitize_callback' => 'igny8_take_url',
			)
		);
		register_setting(
			'igny8',
			'igny8_webhook_secret',
			array(
				'type'              => 'string',
				'default'           => '',
				'show_in_rest'      => false,
				'sanitize_callback' => 'igny8_take_secret',
			)
		);
	}
);

/**
 * Takes an address that is https, or on this machine.
 *
 * @param mixed $url What was entered.
 * @return string
 */
function igny8_take_url( $url ) {
	$url = esc_url_raw( trim( (string) $url ), array( 'https', 'http' ) );
	if ( '' === $url ) {
		return '';
	}
	$host = wp_parse_url( $url, PHP_URL_HOST );
	if ( 'https' !== wp_parse_url( $url, PHP_URL_SCHEME ) && ! in_array( $host, array( 'localhost', '127.0.0.1' ), true ) ) {
		add_settings_error( 'igny8_webhook_url', 'igny8_url', __( 'The address must begin with https://.', 'igny8' ) );
		return (string) get_option( 'igny8_webhook_url', '' );
	}
	return $url;
}

/**
 * Takes a secret as IGNY8 shows it. An empty field leaves the one that is there, which the page never shows.
 *
 * @param mixed $secret What was entered.
 * @return string
 */
function igny8_take_secret( $secret ) {
	$secret = trim( (string) $secret );
	if ( '' === $secret ) {
		return (string) get_option( 'igny8_webhook_secret', '' );
	}
	if ( '' === igny8_key( $secret ) ) {
		add_settings_error( 'igny8_webhook_secret', 'igny8_secret', __( 'The secret begins with whsec_; copy it whole from IGNY8.', 'igny8' ) );
		return (string) get_option( 'igny8_webhook_secret', '' );
	}
	return $secret;
}

/**
 * Shows the page.
 */
function igny8_page() {
	if ( ! current_user_can( 'manage_options' ) ) {
		return;
	}
	$url = (string) get_option( 'igny8_webhook_url', '' );
	$set = '' !== (string) get_option( 'igny8_webhook_secret', '' );
	?>
	<div class="wrap">
		<h1>IGNY8</h1>
		<p><?php esc_html_e( 'IGNY8 shows address and secret at the destination of this site. With them, it hears of changes at once; without, it looks for them now and then.', 'igny8' ); ?></p>
		<form action="options.php" method="post">
			<?php settings_fields( 'igny8' ); ?>
			<table class="form-table" role="presentation">
				<tr>
					<th scope="row"><label for="igny8_webhook_url"><?php esc_html_e( 'Address', 'igny8' ); ?></label></th>
					<td><input type="url" class="regular-text code" id="igny8_webhook_url" name="igny8_webhook_url" value="<?php echo esc_attr( $url ); ?>"></td>
				</tr>
				<tr>
					<th scope="row"><label for="igny8_webhook_secret"><?php esc_html_e( 'Secret', 'igny8' ); ?></label></th>
					<td>
						<input type="password" class="regular-text code" id="igny8_webhook_secret" name="igny8_webhook_secret" value="" autocomplete="off" placeholder="<?php echo esc_attr( $set ? __( 'is set; enter another one to replace it', 'igny8' ) : 'whsec_…' ); ?>">
					</td>
				</tr>
			</table>
			<?php submit_button(); ?>
		</form>
		<?php if ( '' !== $url && $set ) : ?>
			<form action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" method="post">
				<input type="hidden" name="action" value="igny8_try">
				<?php wp_nonce_field( 'igny8_try' ); ?>
				<?php submit_button( __( 'Send a test message', 'igny8' ), 'secondary' ); ?>
			</form>
		<?php endif; ?>
	</div>
	<?php
}

add_action(
	'admin_post_igny8_try',
	function () {
		if ( ! current_user_can( 'manage_options' ) ) {
			wp_die( esc_html__( 'You may not do this.', 'igny8' ), '', array( 'response' => 403 ) );
		}
		check_admin_referer( 'igny8_try' );
		$answer = igny8_send( array( 'event' => 'test', 'posts' => array() ), true );
		$status = is_wp_error( $answer ) ? 0 : (int) wp_remote_retrieve_response_code( $answer );
		if ( $status >= 200 && $status < 300 ) {
			add_settings_error( 'igny8', 'igny8_tried', __( 'IGNY8 received the message.', 'igny8' ), 'success' );
		} elseif ( is_wp_error( $answer ) ) {
			/* translators: %s: the reason. */
			add_settings_error( 'igny8', 'igny8_tried', sprintf( __( 'The message was not sent: %s', 'igny8' ), $answer->get_error_message() ) );
		} else {
			/* translators: %d: an HTTP status. */
			add_settings_error( 'igny8', 'igny8_tried', sprintf( __( 'IGNY8 did not take the message (status %d). Are address and secret those that it shows?', 'igny8' ), $status ) );
		}
		set_transient( 'settings_errors', get_settings_errors(), 30 );
		wp_safe_redirect( add_query_arg( 'settings-updated', 'true', admin_url( 'options-general.php?page=igny8' ) ) );
		exit;
	}
);
