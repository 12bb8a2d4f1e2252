<?php
// Plugin Name: Must Use
// Version: 0.1
