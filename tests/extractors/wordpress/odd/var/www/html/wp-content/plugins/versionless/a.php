<?php
/*
Plugin Name: Versionless
*/