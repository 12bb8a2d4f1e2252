<?php
/**
 * @Plugin Name: Html
 * Author: <a href="https://example.org">Some One</a>, Two
 * Plugin URI: https://user:secret@example.org/
 * Version: 3
 * Version: 4
 */