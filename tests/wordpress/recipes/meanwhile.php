<?php
// Plugin Name: Meanwhile
// Somebody saves the post that the option `meanwhile` names, in the moment in which a file arrives.
add_action('add_attachment', function () {
    $post = (int) get_option('meanwhile');
    if ($post) {
        delete_option('meanwhile');
        wp_update_post(['ID' => $post, 'post_title' => 'Saved meanwhile']);
    }
});
