<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Not admitted</title>
<h1>Your account is not admitted here.</h1>
</html>
