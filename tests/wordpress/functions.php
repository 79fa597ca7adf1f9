<?php
// What themes commonly switch on.
add_theme_support('post-thumbnails');
add_theme_support('title-tag');
add_theme_support('post-formats', ['aside', 'gallery', 'link', 'quote']);
