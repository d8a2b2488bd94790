"""The library: text in, translations out. It knows neither training nor HTTP."""
