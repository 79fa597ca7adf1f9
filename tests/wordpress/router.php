<?php
// For PHP's server: `/NAME/…` is the site NAME, real files as they are, the rest through WordPress.
//
// The site's folder may hold `faults`: lines that requests to its REST API use up, one each, in their order:
//
//   ok               as usual
//   status 503 [7]   this status with a page of HTML, and Retry-After
//   lost 500         the work is done, and then this status is answered
//   slow 2.5         as usual, after this many seconds
//   login            a page to log in
//   redirect URL     to this address
//   text TEXT        a success with this text
//   cut              an answer that ends too early
//
// `always …` as the only line stays; `on TEXT …` as the first waits for a request with this text in its address. `always with TEXT …`
// does it to requests with this text in their body.
$folder = getenv('WORDPRESS_FOLDER');
touch("$folder/used");
$path = rawurldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) ?: '/');
if ($path === '/-/alive') {
    echo 'yes';
    return;
}
$parts = explode('/', ltrim($path, '/'), 2);
$site = $parts[0];
if (!preg_match('/^[a-z0-9_]+$/', $site) || !is_dir("$folder/sites/$site")) {
    http_response_code(404);
    echo 'no such site';
    return;
}
$rest = $parts[1] ?? '';
$route = str_starts_with($rest, 'wp-json') ? $rest : ($_GET['rest_route'] ?? '');
if ($route !== '') {
    file_put_contents("$folder/sites/$site/requests.log", "{$_SERVER['REQUEST_METHOD']} {$_SERVER['REQUEST_URI']}\n", FILE_APPEND | LOCK_EX);
    if (misbehaved("$folder/sites/$site/faults")) {
        return;
    }
}

// Takes the next line of the file and does what it says; answers whether that was all.
function misbehaved(string $file): bool
{
    if (!is_file($file)) {
        return false;
    }
    $opened = fopen($file, 'c+');
    flock($opened, LOCK_EX);
    $lines = preg_split('/\n/', stream_get_contents($opened), -1, PREG_SPLIT_NO_EMPTY);
    $line = $lines[0] ?? 'ok';
    if (str_starts_with($line, 'always ')) {
        $line = substr($line, 7);
    } elseif (str_starts_with($line, 'on ') && !str_contains(rawurldecode($_SERVER['REQUEST_URI']), explode(' ', $line, 3)[1])) {
        $line = 'ok';
    } else {
        $line = str_starts_with($line, 'on ') ? explode(' ', $line, 3)[2] : $line;
        array_shift($lines);
        ftruncate($opened, 0);
        rewind($opened);
        fwrite($opened, implode("\n", $lines));
    }
    fclose($opened);
    if (str_starts_with($line, 'with ')) {
        [, $text, $line] = explode(' ', $line, 3);
        $line = str_contains(file_get_contents('php://input'), $text) ? $line : 'ok';
    }
    [$what, $with, $more] = explode(' ', $line, 3) + ['', '', ''];
    switch ($what) {
        case 'status':
            http_response_code((int) $with);
            if ($more !== '') {
                header("Retry-After: $more");
            }
            echo '<!doctype html><title>Sorry</title><p>Not now.';
            return true;
        case 'lost':
            ob_start();
            register_shutdown_function(function () use ($with) {
                while (ob_get_level() > 0) {
                    ob_end_clean();
                }
                header_remove();
                http_response_code((int) $with);
                echo '{"code":"lost","message":"The answer was lost.","data":{"status":500}}';
            });
            return false;
        case 'slow':
            usleep((int) (1e6 * (float) $with));
            return false;
        case 'login':
            header('Content-Type: text/html');
            echo '<!doctype html><title>Log in</title><form id="loginform"><input type="password" name="pwd"></form>';
            return true;
        case 'redirect':
            http_response_code(302);
            header("Location: $with");
            return true;
        case 'text':
            header('Content-Type: application/json');
            echo substr($line, 5);
            return true;
        case 'cut':
            header('Content-Type: application/json');
            header('Content-Length: 1000');
            echo '[{"id":1,';
            return true;
        default:
            return false;
    }
}

putenv("WORDPRESS_SITE=$site");
// The server takes the header apart for some methods only.
if (empty($_SERVER['PHP_AUTH_USER']) && preg_match('/^basic\s+(.+)$/i', $_SERVER['HTTP_AUTHORIZATION'] ?? '', $found)) {
    [$_SERVER['PHP_AUTH_USER'], $_SERVER['PHP_AUTH_PW']] = explode(':', base64_decode($found[1]), 2) + ['', ''];
}
$root = "$folder/html";
$file = realpath("$root/$rest");
if ($file !== false && is_dir($file) && is_file("$file/index.php") && $rest !== '') {
    $file .= '/index.php';
}
$inside = $file !== false && is_file($file) && str_starts_with($file, "$root/");
if ($inside && !str_ends_with($file, '.php')) {
    $types = ['css' => 'text/css', 'js' => 'text/javascript', 'svg' => 'image/svg+xml'];
    header('Content-Type: ' . ($types[pathinfo($file, PATHINFO_EXTENSION)] ?? mime_content_type($file)));
    header('Content-Length: ' . filesize($file));
    readfile($file);
    return;
}
$script = $inside ? $file : "$root/index.php";
$_SERVER['SCRIPT_FILENAME'] = $script;
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = "/$site" . substr($script, strlen($root));
chdir(dirname($script));
require $script;
