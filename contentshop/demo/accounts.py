"""The demo's sign-in data, apart from its loader so that showing it costs nothing."""

PASSWORD = "demo-demo-demo"
