<?php
// Runs the PHP code on standard input with WordPress around it, as the administrator.
$_SERVER['HTTP_HOST'] = '127.0.0.1';
$_SERVER['REQUEST_METHOD'] = 'GET';
require getenv('WORDPRESS_FOLDER') . '/html/wp-load.php';
wp_set_current_user(1);
eval(stream_get_contents(STDIN));
