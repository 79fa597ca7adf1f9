<?php
// The configuration of every test site: which one it is says WORDPRESS_SITE, set by router.php or on the command line.
$site = getenv('WORDPRESS_SITE');
define('DB_NAME', "wp_$site");
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:' . getenv('WORDPRESS_SOCKET'));
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
$port = trim(file_get_contents(getenv('WORDPRESS_FOLDER') . '/port'));
define('WP_HOME', "http://127.0.0.1:$port/$site");
define('WP_SITEURL', WP_HOME);
define('UPLOADS', "wp-content/uploads/$site");
// Application passwords without TLS.
define('WP_ENVIRONMENT_TYPE', 'local');
define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
define('WP_DEFAULT_THEME', 'plain');
foreach (['AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT'] as $name) {
    define($name, "for tests only: $name");
}
$table_prefix = 'wp_';
if (!defined('ABSPATH')) {
    define('ABSPATH', getenv('WORDPRESS_FOLDER') . '/html/');
}
require_once ABSPATH . 'wp-settings.php';
