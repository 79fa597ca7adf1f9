<?php
// Plugin Name: Guarded
// A taxonomy of posts whose terms everybody who edits posts may use and only administrators may edit.
add_action('init', function () {
    $may = ['manage_terms' => 'manage_options', 'edit_terms' => 'manage_options', 'delete_terms' => 'manage_options', 'assign_terms' => 'edit_posts'];
    register_taxonomy('mood', ['post'], ['public' => true, 'show_in_rest' => true, 'label' => 'Moods', 'capabilities' => $may]);
});
