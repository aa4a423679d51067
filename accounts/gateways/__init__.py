"""The outside providers that say who a customer is: WeChat and a service of identity checks."""
