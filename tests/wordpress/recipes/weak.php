<?php
// Plugin Name: Weak
// A site that fails when it is asked for the texts of more posts than the option `weak_most` says, or for that of the post `weak_post`.
function weak_fails(): void
{
    status_header(500);
    header('Content-Type: application/json');
    echo '{"code":"internal_server_error","message":"Out of memory.","data":{"status":500}}';
    exit;
}
function weak_wants_texts(WP_REST_Request $request): bool
{
    return str_contains((string) $request['_fields'], 'excerpt.raw');
}
add_filter('rest_pre_dispatch', function ($answer, $server, $request) {
    $most = (int) get_option('weak_most');
    $named = wp_parse_id_list((string) $request['include']);
    $wanted = $named ? count($named) : (int) $request['per_page'];
    if ($most > 0 && $wanted > $most && weak_wants_texts($request)) {
        weak_fails();
    }
    return $answer;
}, 10, 3);
add_filter('rest_prepare_post', function ($response, $post, $request) {
    if ($post->ID === (int) get_option('weak_post') && weak_wants_texts($request)) {
        weak_fails();
    }
    return $response;
}, 10, 3);
