"""What a model gets wrong with words, names and numbers, put right.

A model that spells words in pieces also spells words that there are not: "Stonon" for "Lyon". What
is in no pair that it learnt from is almost never right. So the sentence is translated once more,
with a placeholder for the source word that the made-up one looked at; and that is filled by the
translation of this word that a dictionary knows, else by the word itself (Luong et al., arXiv
1410.8206; Jean et al., arXiv 1412.2007, section 4.1.3). Names that the dictionary does not know,
and small numbers, become placeholders of themselves where they are lost. A word that stands twice
in a row, as it does in no pair, may stand there once when the sentence is searched again. A word
alone, of which a model of sentences likes to make one, becomes what the dictionary has for it.

A word that a model has met a few times it may replace by one that there is: "position" for
"verdura". Where it was unsure of that, the sentence is translated once more with the translation
that the dictionary knows as a required term (Arthur et al., arXiv 1606.02006, let a lexicon have a
say in each step); that is taken if the model is surer of the whole.
"""
