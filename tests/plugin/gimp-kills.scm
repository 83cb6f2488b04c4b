; SPDX-License-Identifier: LGPL-3.0-or-later
; What gimp-kill-test.c lets GIMP do while it kills the plug-in: translate images, one in peace and twenty more, and say what has become of each.

(define out (open-output-file (string-append folder "/said.txt")))

(define (say key value)
  (display key out) (display ": " out) (display value out) (newline out))

; The result or -1, how many layers there are, and whether the history has got anything; 0 in the first place is success.
(define (attempt i)
  (let* ((image (open-picture "rgb.png")) (layer (only-layer image)))
    (gimp-image-clean-all image)
    (let* ((result (translate-so image layer "tiny" 2 512 0.7 0 1.0 (modulo i 2)))
           (layers-now (length (layers image)))
           (dirty (dirt image)))
      (save image layer (string-append "killed-" (number->string i) ".png"))
      (say i (list (if (= result -1) -1 0) layers-now dirty)))
    (gimp-image-delete image)))

(close-output-port (open-output-file (string-append folder "/begun")))
(do ((i 0 (+ i 1))) ((= i 21)) (attempt i))
(say "end" #t)
(close-output-port out)
