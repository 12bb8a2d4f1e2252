<?php
$wp_version = file_get_contents("x");
