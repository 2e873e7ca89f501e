"""English is read as people read it."""

import pytest

from tests.reading.spoken import heard, table

PHRASES = table("""
## numbers
1,500 people → one thousand five hundred people
1,000,000 → one million
1,234,567 → one million two hundred thirty four thousand five hundred sixty seven
100 → one hundred
0 → zero
007 → zero zero seven
3.14 → three point one four
0.5 → zero point five
1.5 million → one point five million
1/2 cup → one half cup
3/4 → three quarters
2/3 → two thirds
1 1/2 cups → one and a half cups
1½ cups → one and a half cups
24/7 → twenty four seven
-5 → minus five
5-10 people → five to ten people
1st, 2nd, 3rd, 21st → first second third twenty first
the 112th → the one hundred twelfth
version 2.0.1 → version two point zero point one
5G → five G
B12 → B twelve
COVID-19 → COVID nineteen
Boeing 747 → Boeing seven hundred forty seven
12345678901 → one two three four five six seven eight nine zero one
call 911 → call nine one one
(555) 123-4567 → five five five one two three four five six seven
+1 800 555 1234 → plus one eight hundred five five five one two three four
555-1234 → five five five one two three four
## years
1999 → nineteen ninety nine
in 2024 → in twenty twenty four
in 1905 → in nineteen oh five
since 2005 → since two thousand five
the year 2000 → the year two thousand
in 1900 → in nineteen hundred
1939–1945 → nineteen thirty nine to nineteen forty five
between 1990 and 1995 → between nineteen ninety and nineteen ninety five
2024 people → two thousand twenty four people
In 2024 people moved → In twenty twenty four people moved
the 1990s → the nineteen nineties
the '90s → the nineties
the 1800s → the eighteen hundreds
## dates and times
May 12, 2024 → May twelfth twenty twenty four
12 May 2024 → the twelfth of May twenty twenty four
on the 5th of May → on the fifth of May
12/25/2023 → December twenty fifth twenty twenty three
2024-05-12 → May twelfth twenty twenty four
Jan. 5 → January fifth
Jan 5th → January fifth
March 5–7 → March fifth to seventh
July 4, 1776, was a Thursday → July fourth seventeen seventy six was a Thursday
May 2024 → May twenty twenty four
you may 5 → you may five
10:30 → ten thirty
10:05 → ten oh five
10:00 → ten o clock
at 5 p.m. today → at five p m today
5pm → five p m
10:30 a.m. → ten thirty a m
15:45 → fifteen forty five
won 3:1 → won three to one
May 5, 2024, at 5 p.m. → May fifth twenty twenty four at five p m
In 1066, William came → In ten sixty six William came
05-12-2024 → May twelfth twenty twenty four
## money
$5 → five dollars
$1 → one dollar
$3.50 → three dollars and fifty cents
$1.01 → one dollar and one cent
$0.99 → ninety nine cents
$5 million → five million dollars
$1.5M → one point five million dollars
$1,200 → one thousand two hundred dollars
$5-10 → five to ten dollars
€20 → twenty euros
£3.20 → three pounds and twenty pence
50¢ → fifty cents
¥100 → one hundred yen
## units
5 kg → five kilograms
1 kg → one kilogram
0.5 km → zero point five kilometers
1/2 km → one half kilometer
60 mph → sixty miles per hour
100 km/h → one hundred kilometers per hour
98.6°F → ninety eight point six degrees Fahrenheit
1 °C → one degree Celsius
−5 °C → minus five degrees Celsius
5% → five percent
5-10% → five to ten percent
16 GB → sixteen gigabytes
6 ft → six feet
5'10" → five foot ten
200 sq ft → two hundred square feet
a 5-kg bag → a five kilogram bag
60 Hz → sixty hertz
90 min. of play → ninety minutes of play
4x4 → four by four
1 000 000 → one million
## abbreviations
Dr. Smith → Doctor Smith
Dr. Smith lives on Park Dr. → Doctor Smith lives on Park Drive
St. Mary lives at 5 Main St. near us → Saint Mary lives at five Main Street near us
Mr. and Mrs. Brown → Mister and Missis Brown
fruit, e.g. apples → fruit for example apples
i.e. this one → that is this one
apples, etc. → apples et cetera
No. 5 → number five
No. 10 vs. No. 12 → number ten versus number twelve
p. 5 → page five
pp. 5-7 → pages five to seven
Fig. 3 → figure three
approx. 5 → approximately five
the U.S. economy → the US economy
Smith & Co. → Smith and Company
## Roman numerals
Henry VIII → Henry the eighth
Elizabeth II → Elizabeth the second
Louis XIV's court → Louis the fourteenth s court
Chapter IV → Chapter four
World War II → World War two
Part I → Part one
the XXI century → the twenty first century
I think → I think
Malcolm X → Malcolm X
Pope John Paul II → Pope John Paul the second
## addresses, other letters, signs
https://example.com/path?q=1 → example dot com slash path
www.example.com → example dot com
ivan@example.com → ivan at example dot com
mail.co.uk. → mail dot co dot uk
the city of Москва → the city of Moskva
Чехов → Chekhov
R&D → R and D
2 + 2 = 4 → two plus two equals four
5 > 3 → five greater than three
#love → hashtag love
#1 → number one
~5 minutes → about five minutes
and/or → and or
GPU and NASA → GPU and NASA
**bold** `code` 😀 → bold code
""")


@pytest.mark.parametrize(("typed", "spoken"), PHRASES, ids=lambda text: text)
def test_phrases(typed: str, spoken: str) -> None:
    assert heard(typed, "en-us") == spoken
