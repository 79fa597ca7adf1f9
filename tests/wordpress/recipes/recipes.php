<?php
// Plugin Name: Recipes
// What sites commonly add to posts and pages: a post type with a taxonomy that has levels, and one of posts that has none.
add_action('init', function () {
    $seen = ['public' => true, 'show_in_rest' => true];
    register_taxonomy('cuisine', ['recipe'], $seen + ['label' => 'Cuisines', 'hierarchical' => true]);
    register_taxonomy('series', ['post'], $seen + ['label' => 'Series']);
    register_post_type('recipe', $seen + ['label' => 'Recipes', 'taxonomies' => ['cuisine'], 'supports' => ['title', 'editor', 'author', 'excerpt']]);
});
