<?php
// Makes the site that all others are copied from, and prints its users with their application passwords.
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = '127.0.0.1';
require getenv('WORDPRESS_FOLDER') . '/html/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
ob_start();
wp_install('A test site', 'admin', 'admin@example.test', true, '', 'admin');
ob_end_clean();
// What WordPress greets with would be in every count.
foreach (get_posts(['post_type' => ['post', 'page'], 'post_status' => 'any', 'numberposts' => -1]) as $post) {
    wp_delete_post($post->ID, true);
}
// The page that only an administrator may edit: it is gone, and another post gets its id.
delete_option('wp_page_for_privacy_policy');
switch_theme('plain');
update_option('permalink_structure', '/%postname%/');
$GLOBALS['wp_rewrite']->init();
flush_rewrite_rules(false);
update_option('blogdescription', 'Where things are tried');
foreach (['admin' => 'administrator', 'editor' => 'editor', 'subscriber' => 'subscriber'] as $name => $role) {
    $user = get_user_by('login', $name);
    $id = $user ? $user->ID : wp_insert_user(['user_login' => $name, 'user_pass' => $name, 'user_email' => "$name@example.test", 'role' => $role]);
    [$password] = WP_Application_Passwords::create_new_application_password($id, ['name' => 'tests']);
    printf("WORDPRESS_%s=%s\n", strtoupper($name), $password);
}
