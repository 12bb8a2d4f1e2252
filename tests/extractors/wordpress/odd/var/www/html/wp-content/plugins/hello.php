<?php /* Plugin Name: One Line */
/*
 * Version: 2.0 */
