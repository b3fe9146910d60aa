"""The demo's sign-in data, apart from its loader so that showing it costs nothing."""

PASSWORD = "demo-demo-demo"

# (role, e-mail) as in people.yaml, which a test compares.
ACCOUNTS = (
    ("creator", "nora@demo.example"),
    ("creator", "yiman@demo.example"),
    ("creator", "leo@demo.example"),
    ("editor", "mei@demo.example"),
    ("operator", "ops@demo.example"),
    ("support", "support@demo.example"),
    ("warehouse", "warehouse@demo.example"),
    ("finance", "finance@demo.example"),
    ("reader", "sam@demo.example"),
)
