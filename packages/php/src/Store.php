<?php

// PSR-4 looks for Isthmus\Store here; it stands in the one file that plain PHP needs.
require_once __DIR__ . '/Isthmus.php';
