<?php

use CodeIgniter\Router\RouteCollection;
use Isthmus\Controllers\BackchannelLogout;

/** @var RouteCollection $routes */
$routes->post(BackchannelLogout::PATH, [BackchannelLogout::class, 'receive']);
